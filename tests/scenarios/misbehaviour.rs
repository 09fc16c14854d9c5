//! Endpoints that misbehave: each ends as it should, with its reason, and harms no other.

use std::time::Duration;

use nuncio_tests::{Host, Recipe, Reply, Sink, failures};
use serde_json::json;

use crate::clock::SOON;

/// A host that tries twice and gives each attempt a second.
fn impatient() -> Host {
    Recipe::new().delivery("retry = { schedule = [\"0s\"] }").delivery("deadline = \"1s\"").start()
}

#[test]
fn each_failure_ends_in_the_dead_letters_with_its_reason() {
    let sink = Sink::start();
    let faults = [
        ("/reset", Reply::Reset),
        ("/close", Reply::Close),
        ("/hang", Reply::Hang),
        ("/drip", Reply::Drip(Duration::from_millis(50))),
        ("/broken", Reply::Status(500)),
    ];
    let mut urls = vec![Sink::refusing("/refused"), sink.url("/fine")];
    for (path, reply) in faults {
        sink.on(path, [reply]);
        urls.push(sink.url(path));
    }
    let host = impatient();
    let ids = host.notify(&json!({"to": urls, "content": "anybody there?"}));
    let (fine, failing) = (&ids[1], ids.iter().enumerate().filter(|(n, _)| *n != 1));
    host.settled(fine, "delivered", SOON);
    for (n, id) in failing {
        let dead = host.settled(id, "dead", SOON);
        assert_eq!(failures(&dead).len(), 2, "{}: {dead}", urls[n]);
        assert!(
            failures(&dead).iter().all(|one| one["reason"].as_str().is_some_and(|why| !why.is_empty())),
            "{dead}"
        );
    }
    assert_eq!(host.deliveries("state=dead").len(), urls.len() - 1);
}

#[test]
fn a_redirect_is_a_failure_and_is_not_followed() {
    let sink = Sink::start();
    sink.on("/away", [Reply::Redirect(sink.url("/trap"))]);
    let host = impatient();
    let ids = host.notify(&json!({"to": [sink.url("/away")], "content": "hello"}));
    host.settled(&ids[0], "dead", SOON);
    assert_eq!(sink.received("/trap").len(), 0);
}

#[test]
fn a_410_ends_the_address_at_once() {
    let sink = Sink::start();
    sink.on("/gone", [Reply::Status(410)]);
    let host = impatient();
    let ids = host.notify(&json!({"to": [sink.url("/gone")], "content": "hello"}));
    host.settled(&ids[0], "dead", SOON);
    assert_eq!(sink.received("/gone").len(), 1);
}

#[test]
fn retry_after_is_honoured() {
    let sink = Sink::start();
    sink.on("/busy", [Reply::RetryAfter(429, 2), Reply::Status(204)]);
    let host = impatient();
    let ids = host.notify(&json!({"to": [sink.url("/busy")], "content": "hello"}));
    host.settled(&ids[0], "delivered", SOON);
    let hits = sink.received("/busy");
    let waited = hits[1].at - hits[0].at;
    assert!(waited >= Duration::from_secs(2), "the second attempt came after {waited:?}");
}

#[test]
fn a_long_answer_is_cut_off_and_still_counts() {
    let sink = Sink::start();
    sink.on("/long", [Reply::Long(20_000_000)]);
    let host = impatient();
    let ids = host.notify(&json!({"to": [sink.url("/long")], "content": "hello"}));
    host.settled(&ids[0], "delivered", SOON);
}

#[test]
fn a_private_address_is_refused_at_the_door() {
    let host = impatient();
    for url in ["http://10.0.0.1/", "http://169.254.169.254/latest/meta-data/", "http://[::ffff:10.0.0.1]/"] {
        let answer = host.request("POST", "/v2/notifications", &json!({"to": [url], "content": "x"}));
        assert!(answer.expect(400).text().contains("allow_networks"), "{url}");
    }
}
