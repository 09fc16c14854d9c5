//! What is sent to Apple, by a server of HTTP/2 that keeps it and answers as Apple documents.

// The lint knows test functions, not what helps them.
#![allow(clippy::unwrap_used)]

use std::{
    io::Write,
    sync::{
        Arc, Mutex,
        atomic::{AtomicI64, AtomicUsize, Ordering},
    },
    time::Duration,
};

use http::{HeaderMap, Request, Response};
use nuncio_driver_apns as _;
use nuncio_plugin_sdk::{
    Clock, Device, Driver, Outcome, Scope,
    http::Bytes,
    serde_json::{Value, json},
    testing::{Host, Letter},
};
use tokio::{net::TcpListener, task::JoinSet};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{ServerConfig, crypto::aws_lc_rs},
};

const MINUTE_MS: i64 = 60_000;
const NOW_MS: i64 = 1_700_000_000_000;

/// A clock that a test moves.
struct Hand(AtomicI64);

impl Clock for Hand {
    fn now_ms(&self) -> i64 {
        self.0.load(Ordering::SeqCst)
    }
}

/// A request as it came.
#[derive(Clone, Debug)]
struct Seen {
    path: String,
    headers: HeaderMap,
    body: Value,
}

/// How a request is answered: a status and a body; without a status the connection ends.
type Answers = fn(usize) -> (u16, &'static str);

/// Apple, and a driver that delivers to it.
struct Apple {
    driver: Arc<dyn Driver>,
    clock: Arc<Hand>,
    seen: Arc<Mutex<Vec<Seen>>>,
    connections: Arc<AtomicUsize>,
    _roots: tempfile::NamedTempFile,
}

impl Apple {
    async fn start(answers: Answers, device: impl FnOnce(&mut Device)) -> Self {
        let own = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("https://localhost:{}", listener.local_addr().unwrap().port());
        let (seen, connections) = (Arc::default(), Arc::default());
        tokio::spawn(serve(listener, acceptor(&own), answers, Arc::clone(&seen), Arc::clone(&connections)));
        let mut roots = tempfile::NamedTempFile::new().unwrap();
        roots.write_all(own.cert.pem().as_bytes()).unwrap();
        let mut phone = Device::new("apns", "ab".repeat(32));
        "phone-7".clone_into(&mut phone.id);
        device(&mut phone);
        let clock = Arc::new(Hand(AtomicI64::new(NOW_MS)));
        let key = rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256).unwrap();
        let settings = json!({"ca_file": roots.path(), "accounts": {"app": {
            "team_id": "DEF123GHIJ", "key_id": "ABC123DEFG", "key": key.serialize_pem(),
            "topic": "com.example.app", "url": url,
        }}});
        let driver =
            Host::new().device(phone).make_by(Arc::clone(&clock) as _, "apns", settings, &[]).unwrap();
        Self { driver, clock, seen, connections, _roots: roots }
    }

    fn letter(&self) -> Letter {
        Letter::to("apns:phone-7").at(self.clock.now_ms())
    }

    async fn deliver(&self) -> nuncio_plugin_sdk::Report {
        self.letter().deliver(&*self.driver).await
    }

    fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    fn bearers(&self) -> Vec<String> {
        self.seen().iter().map(|seen| text(&seen.headers, "authorization")).collect()
    }
}

fn text(headers: &HeaderMap, name: &str) -> String {
    headers.get(name).map_or_else(String::new, |value| value.to_str().unwrap().to_owned())
}

fn acceptor(own: &rcgen::CertifiedKey<rcgen::KeyPair>) -> TlsAcceptor {
    let mut config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![own.cert.der().clone()], own.signing_key.serialize_der().try_into().unwrap())
        .unwrap();
    config.alpn_protocols = vec![b"h2".to_vec()];
    TlsAcceptor::from(Arc::new(config))
}

async fn serve(
    listener: TcpListener,
    acceptor: TlsAcceptor,
    answers: Answers,
    seen: Arc<Mutex<Vec<Seen>>>,
    connections: Arc<AtomicUsize>,
) {
    while let Ok((stream, _)) = listener.accept().await {
        connections.fetch_add(1, Ordering::SeqCst);
        let (acceptor, seen) = (acceptor.clone(), Arc::clone(&seen));
        tokio::spawn(async move {
            let stream = acceptor.accept(stream).await.unwrap();
            let mut served = h2::server::handshake(stream).await.unwrap();
            while let Some(Ok((request, mut respond))) = served.accept().await {
                let seen = Arc::clone(&seen);
                let kept = tokio::spawn(async move { keep(request, &seen).await });
                // The connection moves on only while it is asked for the next request.
                tokio::spawn(async move {
                    let (number, id) = kept.await.unwrap();
                    let (status, body) = answers(number);
                    if status == 0 {
                        respond.send_reset(h2::Reason::INTERNAL_ERROR);
                        return;
                    }
                    let head = Response::builder().status(status).header("apns-id", id).body(()).unwrap();
                    let mut stream = respond.send_response(head, body.is_empty()).unwrap();
                    if !body.is_empty() {
                        stream.send_data(Bytes::from_static(body.as_bytes()), true).unwrap();
                    }
                });
            }
        });
    }
}

async fn keep(request: Request<h2::RecvStream>, seen: &Mutex<Vec<Seen>>) -> (usize, String) {
    let (head, mut stream) = request.into_parts();
    let mut body = Vec::new();
    while let Some(part) = stream.data().await {
        body.extend_from_slice(&part.unwrap());
    }
    let id = text(&head.headers, "apns-id");
    let mut seen = seen.lock().unwrap();
    let body = nuncio_plugin_sdk::serde_json::from_slice(&body).unwrap();
    seen.push(Seen { path: head.uri.path().to_owned(), headers: head.headers, body });
    (seen.len(), id)
}

#[tokio::test]
async fn a_notification_is_what_apple_documents() {
    let apple = Apple::start(
        |_| (200, ""),
        |device| {
            device.attributes.insert("topic".to_owned(), "com.example.MyApp".to_owned());
        },
    )
    .await;
    let message = json!({"title": "Order 7", "text": "It is here", "badge": 3, "data": {"order": 7}});
    let mut letter = apple
        .letter()
        .body("application/json", message.to_string())
        .content("Order 7", "It is here", "")
        .options(json!({"collapse_id": "order-7", "priority": 5, "ttl": 60}));
    let report = letter.deliver(&*apple.driver).await;
    assert_eq!(report.outcome, Outcome::Delivered, "{report:?}");
    letter.notice.attempt = 2;
    assert_eq!(letter.deliver(&*apple.driver).await.provider_id, report.provider_id);
    let seen = apple.seen().remove(0);
    assert_eq!(seen.path, format!("/3/device/{}", "ab".repeat(32)));
    for (name, value) in [
        ("apns-push-type", "alert"),
        ("apns-topic", "com.example.MyApp"),
        ("apns-priority", "5"),
        ("apns-expiration", "1700000060"),
        ("apns-collapse-id", "order-7"),
        ("apns-id", report.provider_id.as_str()),
    ] {
        assert_eq!(text(&seen.headers, name), value, "{name}");
    }
    assert_eq!(
        seen.body,
        json!({"aps": {"alert": {"title": "Order 7", "body": "It is here"}, "badge": 3}, "data": {"order": 7}})
    );
    assert!(
        apple.bearers().iter().all(|bearer| bearer.starts_with("bearer ey") && *bearer == apple.bearers()[0])
    );
}

#[tokio::test]
async fn many_notifications_go_over_one_connection() {
    let apple = Arc::new(Apple::start(|_| (200, ""), |_| {}).await);
    let mut sending = JoinSet::new();
    for _ in 0..300 {
        let apple = Arc::clone(&apple);
        sending.spawn(async move { apple.deliver().await.outcome });
    }
    assert!(sending.join_all().await.iter().all(|outcome| *outcome == Outcome::Delivered));
    assert_eq!(apple.connections.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_token_that_expired_is_made_anew_and_the_delivery_tried_at_once() {
    let answers: Answers =
        |number| if number % 2 == 1 { (403, r#"{"reason":"ExpiredProviderToken"}"#) } else { (200, "") };
    let apple = Apple::start(answers, |_| {}).await;
    let young = apple.deliver().await;
    assert_eq!((young.outcome, young.scope), (Outcome::Deferred, Scope::Account), "{young:?}");
    assert_eq!(apple.deliver().await.outcome, Outcome::Delivered);
    apple.clock.0.fetch_add(21 * MINUTE_MS, Ordering::SeqCst);
    let expired = apple.deliver().await;
    assert_eq!((expired.outcome, expired.scope), (Outcome::Deferred, Scope::Recipient), "{expired:?}");
    assert_eq!(expired.retry_after, Some(Duration::ZERO));
    assert_eq!(apple.deliver().await.outcome, Outcome::Delivered);
    let bearers = apple.bearers();
    assert!(bearers[0] == bearers[2] && bearers[2] != bearers[3], "{bearers:?}");
}

#[tokio::test]
async fn a_dead_token_ends_the_device_unless_it_was_registered_later() {
    let answers: Answers = |_| (410, r#"{"reason":"Unregistered","timestamp":1700000000000}"#);
    for (registered_ms, outcome) in [(0, Outcome::Gone), (NOW_MS + 1, Outcome::Deferred)] {
        let apple = Apple::start(answers, |device| device.registered_ms = registered_ms).await;
        let report = apple.deliver().await;
        assert_eq!((report.outcome, report.code), (outcome, 410), "{report:?}");
    }
}

#[tokio::test]
async fn an_answer_that_never_comes_is_in_doubt() {
    let apple = Apple::start(|_| (0, ""), |_| {}).await;
    let report = apple.deliver().await;
    assert_eq!((report.outcome, report.scope), (Outcome::Deferred, Scope::Destination));
    assert!(report.maybe_sent, "{report:?}");
}

#[tokio::test]
async fn nobody_is_asked_for_a_device_that_is_not_there() {
    let apple = Apple::start(|_| (200, ""), |_| {}).await;
    let report = Letter::to("apns:phone-8").at(NOW_MS).deliver(&*apple.driver).await;
    assert_eq!(report.outcome, Outcome::Gone);
    assert!(apple.seen().is_empty());
}

#[tokio::test]
async fn a_device_of_an_account_that_is_gone_waits_alone() {
    let apple = Apple::start(|_| (200, ""), |device| "club".clone_into(&mut device.account)).await;
    let report = apple.deliver().await;
    assert_eq!((report.outcome, report.scope), (Outcome::Deferred, Scope::Recipient), "{report:?}");
    assert!(apple.seen().is_empty());
}

#[tokio::test]
async fn a_subscriber_who_chooses_the_type_holds_nobody_up_by_its_topic() {
    let apple = Apple::start(|_| (400, r#"{"reason":"TopicDisallowed"}"#), |_| {}).await;
    let voip = apple.letter().options(json!({"push_type": "voip"})).deliver(&*apple.driver).await;
    assert_eq!((voip.outcome, voip.scope), (Outcome::Deferred, Scope::Recipient), "{voip:?}");
    assert!(voip.reason.contains("com.example.app.voip"), "{voip:?}");
    let usual = apple.deliver().await;
    assert_eq!((usual.outcome, usual.scope), (Outcome::Deferred, Scope::Account), "{usual:?}");
}

#[tokio::test]
async fn a_dry_run_shows_neither_token_nor_key() {
    let apple = Apple::start(|_| (200, ""), |_| {}).await;
    let shown = apple.letter().render(&*apple.driver).await.unwrap();
    assert!(shown.contains("/3/device/***\n") && shown.contains("authorization: bearer ***\n"), "{shown}");
    assert!(!shown.contains("abab") && !shown.contains("ey"), "{shown}");
    assert!(apple.seen().is_empty());
}
