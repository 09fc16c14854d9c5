//! What is sent to Google, and how often an access token is asked for.

// The lint knows test functions, not what helps them.
#![allow(clippy::unwrap_used)]

#[path = "../src/test_key.rs"]
mod test_key;

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use nuncio_driver_fcm as _;
use nuncio_plugin_sdk::{
    Clock, Device, Driver, Outcome, Scope,
    serde_json::json,
    testing::{Does, Host, Letter, Peer, Server},
};
use tokio::task::JoinSet;

const NOW_MS: i64 = 1_700_000_000_000;
const MINUTE_MS: i64 = 60_000;
const TOKEN: &str = "cR1p-xyz_0:APA91bHun4MxP5egoKMwt2KZFBaFUH-1RYqx";

/// A clock that a test moves.
struct Hand(AtomicI64);

impl Clock for Hand {
    fn now_ms(&self) -> i64 {
        self.0.load(Ordering::SeqCst)
    }
}

/// Google, and a driver that delivers to it.
struct Google {
    server: Server,
    driver: Arc<dyn Driver>,
    clock: Arc<Hand>,
}

impl Google {
    fn start() -> Self {
        Self::of("app")
    }

    /// With a device that belongs to `account`; `app` is the only one that is there.
    fn of(account: &str) -> Self {
        let body = json!({"access_token": "ya29.x", "expires_in": 3600, "name": "projects/demo/messages/7"});
        let peer = Peer::Http { content_type: "application/json".to_owned(), body: body.to_string() };
        let server = Server::start(&peer, Does::Answers);
        let url = format!("http://{}", server.address());
        let key = test_key::service_account(&format!("{url}/token"));
        let settings = json!({"accounts": {"app": {"service_account": key.to_string(), "url": url}}});
        let mut phone = Device::new("fcm", TOKEN);
        "phone-7".clone_into(&mut phone.id);
        account.clone_into(&mut phone.account);
        let clock = Arc::new(Hand(AtomicI64::new(NOW_MS)));
        let driver =
            Host::new().device(phone).make_by(Arc::clone(&clock) as _, "fcm", settings, &[]).unwrap();
        Self { server, driver, clock }
    }

    fn letter(&self) -> Letter {
        Letter::to("fcm:phone-7").at(self.clock.now_ms())
    }

    async fn deliver(&self) -> nuncio_plugin_sdk::Report {
        self.letter().deliver(&*self.driver).await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_access_token_is_asked_for_and_used_by_all() {
    let google = Arc::new(Google::start());
    let mut sending = JoinSet::new();
    for _ in 0..20 {
        let google = Arc::clone(&google);
        sending.spawn(async move { google.deliver().await });
    }
    for report in sending.join_all().await {
        assert_eq!(report.outcome, Outcome::Delivered, "{report:?}");
        assert_eq!(report.provider_id, "projects/demo/messages/7");
    }
    assert_eq!(google.server.requests(), 21);
    assert!(google.server.saw("POST /v1/projects/demo/messages:send"));
    assert!(google.server.saw(TOKEN) && google.server.saw("Bearer ya29.x"));
    google.clock.0.fetch_add(54 * MINUTE_MS, Ordering::SeqCst);
    google.deliver().await;
    assert_eq!(google.server.requests(), 22);
    google.clock.0.fetch_add(MINUTE_MS, Ordering::SeqCst);
    google.deliver().await;
    assert_eq!(google.server.requests(), 24, "a token is not used in its last five minutes");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_access_token_that_is_refused_is_asked_for_anew_unless_it_is_young() {
    let google = Google::start();
    assert_eq!(google.deliver().await.outcome, Outcome::Delivered);
    google.server.does(Does::Status(401));
    assert_eq!(google.deliver().await.scope, Scope::Account);
    google.clock.0.fetch_add(MINUTE_MS, Ordering::SeqCst);
    let report = google.deliver().await;
    assert_eq!((report.outcome, report.scope), (Outcome::Deferred, Scope::Recipient));
    assert_eq!(report.retry_after, Some(Duration::ZERO));
    google.server.does(Does::Answers);
    let before = google.server.requests();
    assert_eq!(google.deliver().await.outcome, Outcome::Delivered);
    assert_eq!(google.server.requests(), before + 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_is_not_given_is_no_doubt_about_the_message() {
    for (does, scope) in [
        (Does::Status(400), Scope::Account),
        (Does::Status(503), Scope::Destination),
        (Does::Resets, Scope::Destination),
    ] {
        let google = Google::start();
        google.server.does(does);
        let report = google.deliver().await;
        assert_eq!((report.outcome, report.scope), (Outcome::Deferred, scope), "{report:?}");
        assert!(!report.maybe_sent, "{report:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_is_refused_to_one_is_not_asked_for_by_all_who_waited() {
    let google = Arc::new(Google::start());
    google.server.does(Does::Status(400));
    let mut sending = JoinSet::new();
    for _ in 0..20 {
        let google = Arc::clone(&google);
        sending.spawn(async move { google.deliver().await });
    }
    for report in sending.join_all().await {
        assert_eq!((report.outcome, report.scope), (Outcome::Deferred, Scope::Account), "{report:?}");
    }
    assert_eq!(google.server.requests(), 1);
    google.clock.0.fetch_add(5000, Ordering::SeqCst);
    google.server.does(Does::Answers);
    assert_eq!(google.deliver().await.outcome, Outcome::Delivered);
}

#[tokio::test]
async fn who_waits_for_a_token_does_so_within_his_own_time() {
    let google = Google::start();
    google.server.does(Does::Hangs);
    let mut first = Box::pin(google.deliver());
    let hasty = google.letter().within(Duration::from_millis(50));
    let report = tokio::select! {
        biased;
        _ = &mut first => panic!("the first one has more time"),
        report = hasty.deliver(&*google.driver) => report,
    };
    assert_eq!((report.outcome, report.scope), (Outcome::Deferred, Scope::Destination), "{report:?}");
    assert!(report.reason.contains("did not come in time") && !report.maybe_sent, "{report:?}");

    let late = google.letter();
    let mut second = Box::pin(late.deliver(&*google.driver));
    tokio::select! {
        biased;
        _ = &mut first => panic!("the first one has more time"),
        _ = &mut second => panic!("the first one has its turn"),
        () = std::future::ready(()) => {}
    }
    // The first one is given up while the time of the second one passes.
    google.clock.0.fetch_add(10_000, Ordering::SeqCst);
    drop(first);
    let report = tokio::time::timeout(Duration::from_secs(5), second).await.unwrap();
    assert_eq!((report.outcome, report.scope), (Outcome::Deferred, Scope::Destination), "{report:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_of_an_account_that_is_gone_waits_alone() {
    let google = Google::of("club");
    let report = google.deliver().await;
    assert_eq!((report.outcome, report.scope), (Outcome::Deferred, Scope::Recipient), "{report:?}");
    assert_eq!(google.server.requests(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_shows_no_token_and_asks_for_none() {
    let google = Google::start();
    let shown = google.letter().render(&*google.driver).await.unwrap();
    assert!(shown.contains("Bearer ***") && shown.contains("\"token\": \"***\""), "{shown}");
    assert!(!shown.contains("APA91b"), "{shown}");
    assert_eq!(google.server.requests(), 0);
}
