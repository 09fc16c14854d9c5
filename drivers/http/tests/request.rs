//! What arrives at a receiver.

#![allow(clippy::unwrap_used, clippy::expect_used, unreachable_pub, dead_code)]

mod common;

use std::collections::BTreeMap;

use common::{
    made::{Letter, NOW_MS, driver, on_loopback},
    receiver::Receiver,
};
use nuncio_plugin_sdk::{
    Content, Kind, Outcome, Part, Recipient, Scope,
    serde_json::{self, Value, json},
};

const NO_CONTENT: &str = "HTTP/1.1 204 No Content\r\n\r\n";
const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

fn zaqar() -> Value {
    json!({"ttl": 120, "body": {"k": "v"}, "Message_Type": "Notification", "queue_name": "q"})
}

fn parsed(body: &str) -> Value {
    serde_json::from_str(body).unwrap()
}

#[tokio::test]
async fn a_queue_message_arrives_as_zaqar_sends_it() {
    let receiver = Receiver::status(NO_CONTENT).await;
    let report = Letter::to(&format!("{}/hook?a=b", receiver.url)).deliver(&*on_loopback()).await;
    assert_eq!((report.outcome, report.code), (Outcome::Delivered, 204));
    let arrived = receiver.only();
    assert_eq!(arrived.line, "POST /hook?a=b HTTP/1.1");
    assert_eq!(parsed(&arrived.body), zaqar());
    assert_eq!(arrived.headers["content-type"], "application/json");
    assert_eq!(arrived.headers["user-agent"], concat!("Nuncio/", env!("CARGO_PKG_VERSION")));
    assert_eq!(arrived.headers["webhook-id"], "msg_p5jXN8AQM9LWM0D4loKWxJek");
    assert_eq!(arrived.headers["webhook-timestamp"], (NOW_MS / 1000).to_string());
    assert!(
        !arrived.headers.contains_key("webhook-signature") && !arrived.headers.contains_key("authorization")
    );
}

#[tokio::test]
async fn a_notification_without_a_queue_arrives_as_its_content() {
    let receiver = Receiver::status(NO_CONTENT).await;
    let mut letter = Letter::to(&receiver.url);
    letter.meta.queue = "";
    letter.content = Content::text("All is well").with_subject("Watch");
    letter.deliver(&*on_loopback()).await;
    assert_eq!(parsed(&receiver.only().body), json!({"subject": "Watch", "text": "All is well"}));
}

#[tokio::test]
async fn attachments_arrive_beside_the_content_and_never_go_missing() {
    const PARTS: &[Part<'_>] =
        &[Part::new("a.pdf", "application/pdf", b"\0\xff"), Part::new("b.png", "image/png", b"").inline("b")];
    let receiver = Receiver::status(NO_CONTENT).await;
    let mut letter = Letter::to(&receiver.url);
    letter.meta.queue = "";
    letter.content = Content::text("see").with_parts(PARTS);
    letter.deliver(&*on_loopback()).await;
    let pdf = json!({"name": "a.pdf", "content_type": "application/pdf", "data": "AP8="});
    let png =
        json!({"name": "b.png", "content_type": "image/png", "content_id": "b", "inline": true, "data": ""});
    assert_eq!(parsed(&receiver.only().body), json!({"text": "see", "attachments": [pdf, png]}));

    let report = letter.with(json!({"format": "raw"})).deliver(&*on_loopback()).await;
    assert_eq!((report.outcome, report.scope), (Outcome::Rejected, Scope::Recipient));
    assert!(report.reason.contains("attachments"), "{}", report.reason);
}

#[tokio::test]
async fn a_template_decides_what_a_queue_message_arrives_as() {
    for key in ["template", "text", "html"] {
        let receiver = Receiver::status(NO_CONTENT).await;
        let mut letter = Letter::to(&receiver.url).with(json!({key: "x"}));
        letter.content = Content::text("Order 7");
        letter.deliver(&*on_loopback()).await;
        assert_eq!(parsed(&receiver.only().body), json!({"text": "Order 7"}));
    }
}

#[tokio::test]
async fn a_confirmation_arrives_without_a_notification_around_it() {
    let receiver = Receiver::status(NO_CONTENT).await;
    let mut letter = Letter::to(&receiver.url);
    letter.meta.kind = Kind::Confirmation;
    letter.deliver(&*on_loopback()).await;
    assert_eq!(receiver.only().body, letter.body);
}

#[tokio::test]
async fn a_raw_body_arrives_as_it_was_posted() {
    let receiver = Receiver::status(NO_CONTENT).await;
    let mut letter = Letter::to(&receiver.url).with(json!({"format": "raw"}));
    (letter.body, letter.content_type) = ("a;b\n1;2\n", "text/csv");
    letter.deliver(&*on_loopback()).await;
    let arrived = receiver.only();
    assert_eq!((arrived.body.as_str(), arrived.headers["content-type"].as_str()), ("a;b\n1;2\n", "text/csv"));
}

#[tokio::test]
async fn an_event_arrives_in_the_body_or_in_headers() {
    let headers = BTreeMap::from([
        ("ce-type".to_owned(), "org.example.order".to_owned()),
        ("team".to_owned(), "Euro € 😀".to_owned()),
    ]);
    let headers: &'static BTreeMap<_, _> = Box::leak(Box::new(headers));
    let mut letter = Letter::to("http://127.0.0.1:1/");
    (letter.meta.message, letter.meta.project, letter.meta.headers) = ("m-1", "p", headers);
    let structured = letter.sent(json!({"format": "cloudevents"})).await;
    assert_eq!(structured.headers["content-type"], "application/cloudevents+json; charset=UTF-8");
    assert_eq!(
        parsed(&structured.body),
        json!({
            "specversion": "1.0", "id": "m-1", "source": "/projects/p/queues/q", "type": "org.example.order",
            "time": "2021-02-25T15:02:10Z", "team": "Euro € 😀", "datacontenttype": "application/json",
            "data": {"k": "v"},
        })
    );

    (letter.body, letter.content_type) = ("a;b\n", "text/csv");
    let binary = letter.sent(json!({"format": "cloudevents-binary", "secret": SECRET})).await;
    assert_eq!((binary.body.as_str(), binary.headers["content-type"].as_str()), ("a;b\n", "text/csv"));
    for (name, value) in [
        ("ce-specversion", "1.0"),
        ("ce-id", "m-1"),
        ("ce-source", "/projects/p/queues/q"),
        ("ce-type", "org.example.order"),
        ("ce-time", "2021-02-25T15:02:10Z"),
        ("ce-team", "Euro%20%E2%82%AC%20%F0%9F%98%80"),
    ] {
        assert_eq!(binary.headers[name], value);
    }
    assert!(!binary.headers.contains_key("ce-datacontenttype"));
    assert!(binary.headers.contains_key("webhook-signature"), "{:?}", binary.headers);
}

#[tokio::test]
async fn an_event_without_a_queue_has_the_content_as_its_data() {
    let mut letter = Letter::to("http://127.0.0.1:1/");
    (letter.meta.queue, letter.meta.project) = ("", "p");
    letter.content = Content::text("All is well").with_subject("Watch");
    let event = parsed(&letter.sent(json!({"format": "cloudevents"})).await.body);
    assert_eq!(event["data"], json!({"subject": "Watch", "text": "All is well"}));
    assert_eq!((&event["source"], &event["type"]), (&json!("/projects/p"), &json!("io.nuncio.message")));
    let binary = letter.sent(json!({"format": "cloudevents-binary"})).await;
    assert_eq!(parsed(&binary.body), event["data"]);
}

#[tokio::test]
async fn post_data_replaces_the_quoted_token_and_post_headers_win() {
    let receiver = Receiver::status(NO_CONTENT).await;
    let data = json!({"msg": "$zaqar_message$", "n": [1, "$zaqar_message$"], "in": "a $zaqar_message$ b"})
        .to_string();
    let options = json!({
        "post_data": data,
        "post_headers": {"X-Foo": "bär", "Content-Type": "text/plain", "User-Agent": "me", "Authorization": "Bearer x"},
    });
    Letter::to(&receiver.url.replace("//", "//ann:pass@")).with(options).deliver(&*on_loopback()).await;
    let arrived = receiver.only();
    assert_eq!(
        parsed(&arrived.body),
        json!({"msg": zaqar(), "n": [1, zaqar()], "in": "a $zaqar_message$ b"})
    );
    for (name, value) in [
        ("x-foo", "bär"),
        ("content-type", "text/plain"),
        ("user-agent", "me"),
        ("authorization", "Bearer x"),
    ] {
        assert_eq!(arrived.headers[name], value);
    }
}

#[tokio::test]
async fn userinfo_arrives_as_basic_credentials() {
    let receiver = Receiver::status(NO_CONTENT).await;
    Letter::to(&receiver.url.replace("//", "//ann:p%40ss@")).deliver(&*on_loopback()).await;
    assert_eq!(receiver.only().headers["authorization"], "Basic YW5uOnBAc3M=");
}

/// The vector of the reference libraries, through the socket.
#[tokio::test]
async fn a_signature_verifies_and_a_rotated_secret_gives_two() {
    let receiver = Receiver::status(NO_CONTENT).await;
    let options = json!({"secret": [SECRET, SECRET], "post_data": "{\"test\": 2432232314}"});
    Letter::to(&receiver.url).with(options).deliver(&*on_loopback()).await;
    let want = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
    assert_eq!(receiver.only().headers["webhook-signature"], format!("{want} {want}"));
}

#[tokio::test]
async fn a_dry_run_shows_the_request_and_masks_what_is_secret() {
    let options = json!({"secret": SECRET, "post_headers": {"X-Auth-Token": "hunter2", "X-Team": "blue"}});
    let letter = Letter::to("https://ann:hunter2@example.org/hook?a=b").with(options);
    let shown = on_loopback().render(&letter.notice(&[Recipient::new(0, "")])).await.unwrap();
    let (head, body) = shown.split_once("\n\n").unwrap();
    assert_eq!(
        head,
        format!(
            "POST /hook?a=b HTTP/1.1\nhost: example.org\ncontent-type: application/json\nuser-agent: Nuncio/{}\n\
             authorization: Basic ***\nx-auth-token: ***\nx-team: blue\nwebhook-id: msg_p5jXN8AQM9LWM0D4loKWxJek\n\
             webhook-timestamp: 1614265330\nwebhook-signature: v1,***",
            env!("CARGO_PKG_VERSION")
        )
    );
    assert_eq!(parsed(body), zaqar());
}

#[tokio::test]
async fn the_user_agent_is_a_setting() {
    let receiver = Receiver::status(NO_CONTENT).await;
    let named = driver(json!({"user_agent": "acme"}), &["127.0.0.0/8"]).unwrap();
    Letter::to(&receiver.url).deliver(&*named).await;
    assert_eq!(receiver.only().headers["user-agent"], "acme");
}

#[test]
fn a_wrong_setting_is_refused_with_its_pointer() {
    for (settings, want) in [
        (json!({"user_agent": "a\nb"}), "/user_agent: "),
        (json!({"ca_file": "/nowhere.pem"}), "/ca_file: `/nowhere.pem` cannot be read"),
        (json!({"ca_flie": "x"}), "/ca_flie: unknown field `ca_flie`, expected one of `ca_file`"),
    ] {
        let error = driver(settings, &[]).err().unwrap();
        assert!(error.starts_with(want), "{error}");
    }
}
