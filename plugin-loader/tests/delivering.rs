//! What a driver is given, what it says, and how both cross the boundary.

// The lint knows test functions, not what helps them.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use std::{collections::BTreeMap, time::Duration};

use nuncio_core::{
    Content, Driver, Kind, Notice, Options, Outcome, Outcomes, Part, Recipient, Scope, SubscriberUri,
};
use serde_json::json;
use support::{Settled, context, deliver, deliver_batch, loaded, made};

#[tokio::test]
async fn a_driver_is_given_all_of_a_notice() {
    let driver = loaded("echo", 4);
    let uri = SubscriberUri::parse("x:someone").unwrap();
    let recipients = [Recipient::new(3, "a"), Recipient::new(9, "b")];
    let options: Options = serde_json::from_value(json!({"k": "v"})).unwrap();
    let headers = BTreeMap::from([("h".to_owned(), "w".to_owned())]);
    let parts = [Part::new("n", "t/p", b"data").inline("c")];
    let mut notice = Notice::new("d1", &uri, &recipients, &options);
    (notice.attempt, notice.now_ms, notice.created_ms, notice.deadline_ms) = (2, 3, 4, 5);
    (notice.content_type, notice.body) = ("t/x", b"body");
    notice.content = Content::text("text").with_subject("subject").with_html("html").with_parts(&parts);
    let meta = &mut notice.meta;
    (meta.project, meta.queue, meta.message, meta.subscription) = ("P", "Q", "M", "S");
    (meta.kind, meta.ttl, meta.delay, meta.headers) = (Kind::Digest, 60, None, &headers);
    let outcomes = driver.deliver(&notice).await;
    let (first, second) = (outcomes.of(3), outcomes.of(9));
    assert_eq!(
        first.excerpt,
        "d1|x:someone|t/x|body|subject|text|html|{\"k\":\"v\"}|{\"h\":\"w\"}|P|Q|M|S|n|t/p|c|data|1|2 3 4 5 60 -1 3"
    );
    assert_eq!((first.outcome, second.outcome), (Outcome::Delivered, Outcome::Gone));
    assert_eq!((first.provider_id.as_str(), second.provider_id.as_str()), ("a", "b"));
    assert_eq!((first.scope, first.code, first.cost), (Scope::Destination, 250, 3));
    assert_eq!(first.retry_after, Some(Duration::from_millis(1500)));
}

#[tokio::test]
async fn large_and_binary_bodies_cross_and_a_slot_serves_again() {
    let driver = loaded("echo", 1);
    let uri = SubscriberUri::parse("x:someone").unwrap();
    let (recipients, options) = ([Recipient::new(0, "a")], Options::default());
    for size in [0, 1, 4000, 10] {
        let body = vec![b'z'; size];
        let mut notice = Notice::new("d1", &uri, &recipients, &options);
        notice.body = &body;
        let excerpt = driver.deliver(&notice).await.of(0).excerpt;
        let shown = "z".repeat(size.min(2000));
        assert!(excerpt.starts_with(&format!("d1|x:someone||{shown}")), "{size}: {excerpt}");
    }
    assert_eq!(driver.standing().in_flight, 0);
}

#[tokio::test]
async fn secrets_of_settings_options_and_uri_are_not_written() {
    let driver = made("echo", json!({"password": "settings-secret"}), 4, &context());
    let uri = SubscriberUri::parse("x://ann:uri-secret@host/a?query-secret").unwrap();
    let options: Options = serde_json::from_value(json!({"secret": "option-secret", "k": "shown"})).unwrap();
    let recipients = [Recipient::new(0, "settings-secret")];
    let mut notice = Notice::new("d1", &uri, &recipients, &options);
    notice.body = b"settings-secret";
    let report = driver.deliver(&notice).await.of(0);
    assert_eq!(report.provider_id, "***");
    assert!(
        report.excerpt.contains("shown") && !report.excerpt.contains("secret\":\"option"),
        "{}",
        report.excerpt
    );
    for secret in ["settings-secret", "option-secret", "uri-secret", "query-secret"] {
        assert!(!report.excerpt.contains(secret), "{}", report.excerpt);
    }
}

#[tokio::test]
async fn a_completion_from_inside_submit_is_there_at_the_first_poll() {
    let driver = loaded("inside", 1);
    let outcome = futures_ready(deliver(&*driver, "x"));
    assert_eq!(outcome.map(|one| one.of(0).outcome), Some(Outcome::Delivered));
}

fn futures_ready(future: impl Future<Output = Outcomes>) -> Option<Outcomes> {
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    match std::pin::pin!(future).poll(&mut context) {
        std::task::Poll::Ready(outcomes) => Some(outcomes),
        std::task::Poll::Pending => None,
    }
}

#[tokio::test]
async fn a_completion_from_another_thread_wakes_who_waits() {
    let driver = loaded("thread", 8);
    for _ in 0..100 {
        assert_eq!(deliver(&*driver, "x").await.of(0).outcome, Outcome::Delivered);
    }
    let settled = Settled::default();
    deliver_batch(&*driver, &["x"; 30], &settled).await;
    assert_eq!(settled.words().len(), 30, "thirty through eight slots");
    assert_eq!(driver.standing().in_flight, 0);
}

#[tokio::test]
async fn a_busy_driver_is_offered_the_rest_again_and_what_it_refused_has_a_new_token() {
    let driver = loaded("busy", 8);
    assert_eq!(deliver(&*driver, "x").await.of(0).outcome, Outcome::Delivered);
    let settled = Settled::default();
    deliver_batch(&*driver, &["x"; 5], &settled).await;
    assert_eq!(settled.words(), (0..5).map(|at| (at, Outcome::Delivered)).collect::<Vec<_>>());
    assert!(driver.standing().refused >= 6, "the words on tokens that it did not accept");
    assert_eq!(driver.standing().in_flight, 0);
}

#[tokio::test]
async fn what_a_driver_does_not_take_is_deferred() {
    let driver = loaded("refuses", 8);
    assert_eq!(
        deliver(&*driver, "x").await.of(0).outcome,
        Outcome::Delivered,
        "it completed it all the same"
    );
    let settled = Settled::default();
    deliver_batch(&*driver, &["x"; 3], &settled).await;
    let words: Vec<_> = settled.words().into_iter().map(|(_, outcome)| outcome).collect();
    assert_eq!(words, [Outcome::Delivered, Outcome::Deferred, Outcome::Deferred]);
    let reason = settled.0.lock().unwrap().iter().find(|(at, _)| *at == 1).unwrap().1.of(0).reason;
    assert!(reason.contains("status 106"), "{reason}");
    assert_eq!(driver.standing().in_flight, 0);
}

#[tokio::test]
async fn a_blocking_driver_is_called_on_threads_of_its_own() {
    let driver = loaded("blocking", 8);
    let (one, two) = tokio::join!(deliver(&*driver, "x"), deliver(&*driver, "x"));
    assert_eq!((one.of(0).outcome, two.of(0).outcome), (Outcome::Delivered, Outcome::Delivered));
    let settled = Settled::default();
    deliver_batch(&*driver, &["x"; 5], &settled).await;
    assert_eq!(settled.words().len(), 5);
    assert_eq!(driver.standing().in_flight, 0);
}

#[tokio::test]
async fn older_and_newer_structs_are_read_as_far_as_both_know_them() {
    let report = deliver(&*loaded("older", 4), "x").await.of(0);
    assert_eq!((report.outcome, report.scope), (Outcome::Delivered, Scope::Message));
    assert_eq!(
        (report.code, report.cost, report.maybe_sent),
        (0, 0, false),
        "what lies behind it is not read"
    );
    assert_eq!((report.reason.as_str(), report.retry_after), ("", None));
    let driver = loaded("newer", 4);
    let uri = SubscriberUri::parse("x:someone").unwrap();
    let (recipients, options) = ([Recipient::new(5, "a"), Recipient::new(6, "b")], Options::default());
    let outcomes = driver.deliver(&Notice::new("d1", &uri, &recipients, &options)).await;
    assert_eq!((outcomes.of(5).outcome, outcomes.of(6).outcome), (Outcome::Delivered, Outcome::Gone));
}
