//! What the driver makes of answers, and of those that never come.

#![allow(clippy::unwrap_used, clippy::expect_used, unreachable_pub, dead_code)]

mod common;

use std::time::Duration;

use common::{
    made::{Letter, driver, on_loopback},
    receiver::Receiver,
};
use nuncio_plugin_sdk::{
    Options, Outcome, Report, Scope, SubscriberUri,
    serde_json::{Value, json},
};

async fn answered(answer: &'static str) -> Report {
    let receiver = Receiver::status(answer).await;
    let report = Letter::to(&format!("{}/secret-path", receiver.url)).deliver(&*on_loopback()).await;
    assert_eq!(receiver.arrived().len(), 1, "a driver tries once");
    assert!(!report.reason.contains("secret-path"), "{}", report.reason);
    report
}

#[tokio::test]
async fn each_class_of_answer_is_told_apart() {
    use Outcome::{Deferred, Delivered, Gone, Rejected};
    for (answer, outcome, scope, reason) in [
        ("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok", Delivered, Scope::Recipient, ""),
        ("HTTP/1.1 400 Bad\r\ncontent-length: 0\r\n\r\n", Rejected, Scope::Recipient, "400 Bad Request"),
        ("HTTP/1.1 408 x\r\ncontent-length: 0\r\n\r\n", Deferred, Scope::Recipient, "408 Request Timeout"),
        ("HTTP/1.1 410 x\r\ncontent-length: 0\r\n\r\n", Gone, Scope::Recipient, "410 Gone"),
        ("HTTP/1.1 413 x\r\ncontent-length: 0\r\n\r\n", Rejected, Scope::Message, "413 Payload Too Large"),
        (
            "HTTP/1.1 500 x\r\ncontent-length: 0\r\n\r\n",
            Deferred,
            Scope::Recipient,
            "500 Internal Server Error",
        ),
        (
            "HTTP/1.1 503 x\r\ncontent-length: 0\r\n\r\n",
            Deferred,
            Scope::Destination,
            "503 Service Unavailable",
        ),
    ] {
        let report = answered(answer).await;
        assert_eq!((report.outcome, report.scope, report.reason.as_str()), (outcome, scope, reason));
    }
}

#[tokio::test]
async fn retry_after_and_the_beginning_of_the_body_are_kept() {
    let report = answered("HTTP/1.1 429 x\r\nretry-after: 17\r\ncontent-length: 9\r\n\r\nslow\ndown").await;
    assert_eq!(report.retry_after, Some(Duration::from_secs(17)));
    assert_eq!(report.excerpt, "slow down");
    // The clock stands at Thu, 25 Feb 2021 15:02:10 GMT.
    let date = "HTTP/1.1 503 x\r\nretry-after: Thu, 25 Feb 2021 15:03:10 GMT\r\ncontent-length: 0\r\n\r\n";
    assert_eq!(answered(date).await.retry_after, Some(Duration::from_secs(60)));
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    // It leads to the receiver itself, which `answered` has seen one request at.
    let report = answered("HTTP/1.1 302 Found\r\nlocation: /elsewhere\r\ncontent-length: 0\r\n\r\n").await;
    assert_eq!((report.outcome, report.code), (Outcome::Deferred, 302));
    assert_eq!(report.reason, "302 Found: redirects are not followed");
}

#[tokio::test]
async fn a_receiver_that_hangs_is_a_timeout_within_the_deadline() {
    let receiver = Receiver::answering(None).await;
    let mut letter = Letter::to(&receiver.url);
    letter.patience_ms = 200;
    let driver = on_loopback();
    let report = tokio::time::timeout(Duration::from_millis(200), letter.deliver(&*driver)).await;
    let report = report.expect("the driver ends before the host's deadline");
    assert_eq!((report.outcome, report.scope), (Outcome::Deferred, Scope::Destination));
    assert!(report.maybe_sent);
    assert_eq!(report.reason, format!("no answer from {} within 180 ms", receiver.url));
}

#[tokio::test]
async fn a_receiver_that_hangs_up_is_deferred_and_maybe_sent() {
    let report = answered("").await;
    assert_eq!(
        (report.outcome, report.scope, report.maybe_sent),
        (Outcome::Deferred, Scope::Destination, true)
    );
}

#[tokio::test]
async fn a_deadline_that_has_passed_sends_nothing() {
    let receiver = Receiver::answering(None).await;
    let mut letter = Letter::to(&receiver.url);
    letter.patience_ms = -5;
    let report = letter.deliver(&*on_loopback()).await;
    assert_eq!((report.outcome, report.maybe_sent), (Outcome::Deferred, false));
    assert!(receiver.arrived().is_empty());
}

#[tokio::test]
async fn a_forbidden_address_is_refused_at_the_door_and_never_dialled() {
    let receiver = Receiver::answering(None).await;
    let guarded = driver(Value::Null, &[]).unwrap();
    let uri = SubscriberUri::parse(&receiver.url).unwrap();
    let refusal = guarded.check(&uri, &Options::default()).await.unwrap_err();
    assert_eq!(refusal.at, "host, column 8");
    assert!(refusal.fix.contains("allow_networks"), "{refusal}");
    let named = receiver.url.replace("127.0.0.1", "localhost");
    assert!(guarded.check(&SubscriberUri::parse(&named).unwrap(), &Options::default()).await.is_ok());
    for url in [receiver.url.clone(), named] {
        let report = Letter::to(&url).deliver(&*guarded).await;
        assert_eq!((report.outcome, report.scope), (Outcome::Rejected, Scope::Recipient));
        assert!(report.reason.contains("allow_networks"), "{}", report.reason);
    }
    assert!(receiver.arrived().is_empty());
}

#[tokio::test]
async fn an_option_that_is_wrong_is_refused_at_the_door_and_rejected_when_it_was_stored() {
    let options = json!({"post_headers": {"Host": "elsewhere"}});
    let letter = Letter::to("https://example.org/").with(options);
    let refusal = on_loopback().check(&letter.uri, &letter.options).await.unwrap_err();
    assert_eq!(refusal.at, "/options/post_headers/Host");
    assert_eq!(letter.deliver(&*on_loopback()).await.outcome, Outcome::Rejected);
}
