//! Limits of a subscription: what arrives keeps within its `max_in_flight` and its `rate`.

use std::time::{Duration, Instant};

use nuncio_tests::{Received, Recipe, Reply, Sink};
use serde_json::{Value, json};

use crate::clock::SOON;

/// How long a slow subscriber holds each request.
const HELD: Duration = Duration::from_millis(100);

/// The most requests that were held at the same moment. Each was for [`HELD`] at least, so none is counted too much.
fn at_once(received: &[Received]) -> usize {
    let held = |at: Instant| received.iter().filter(|one| one.at <= at && at < one.at + HELD).count();
    received.iter().map(|one| held(one.at)).max().unwrap_or(0)
}

#[test]
fn no_more_than_max_in_flight_are_at_a_subscriber_at_once() {
    let sink = Sink::start_everywhere();
    for path in ["/limited", "/free"] {
        sink.on(path, [Reply::Hang]);
    }
    sink.on("/slow", [Reply::Late(204, HELD)]);
    let host = Recipe::new().start();
    let most = |n: usize| json!({"max_in_flight": n, "deadline": "4m"});
    let limited = host.subscribe("q", &sink.url_at(1, "/limited"), &most(3));
    host.subscribe("q", &sink.url_at(2, "/slow"), &most(3));
    host.subscribe("q", &sink.url_at(3, "/free"), &json!({"deadline": "4m"}));
    // A POST each: the messages of one go to a subscriber one after the other.
    let post = |from, to| (from..to).for_each(|n| drop(host.post("q", &[json!(n)])));

    post(0, 20);
    sink.wait_for("/free", 4, SOON);
    sink.wait_for("/limited", 3, SOON);
    let slow = sink.wait_for("/slow", 20, SOON);
    assert!(at_once(&slow) <= 3, "{} at once", at_once(&slow));
    assert_eq!(sink.received("/limited").len(), 3);

    let path = format!("/v2/queues/q/subscriptions/{limited}");
    host.request("PATCH", &path, &json!({"options": most(5)})).expect(204);
    sink.wait_for("/limited", 5, SOON);
    post(20, 26);
    sink.wait_for("/slow", 26, SOON);
    assert_eq!(sink.received("/limited").len(), 5, "the new limit holds, also for what was there before");
}

#[test]
fn no_second_has_more_attempts_than_the_rate() {
    const PER_SECOND: usize = 4;
    let sink = Sink::start();
    sink.on("/limited", [Reply::Status(503), Reply::Status(503), Reply::Status(204)]);
    let host = Recipe::new().delivery("retry = { schedule = [\"0s\", \"0s\", \"0s\"] }").start();
    host.subscribe("q", &sink.url("/limited"), &json!({"rate": format!("{PER_SECOND}/s")}));
    let begun = Instant::now();
    for n in 0..9 {
        host.post("q", &[json!(n)]);
    }
    paced(&sink.wait_for("/limited", 11, SOON), begun, PER_SECOND);
}

#[test]
fn a_rate_of_the_operator_is_for_all_subscriptions_of_a_destination_until_it_is_changed() {
    const PER_SECOND: usize = 4;
    let rated = |rate: &str| Recipe::new().section(&format!("[rates]\nhttp = \"{rate}\""));
    let sink = Sink::start();
    let host = rated(&format!("{PER_SECOND}/s")).start();
    let begun = Instant::now();
    for name in ["one", "two"] {
        host.subscribe(name, &sink.url("/rated"), &json!({}));
        (0..5).for_each(|n| drop(host.post(name, &[json!(n)])));
    }
    paced(&sink.wait_for("/rated", 10, SOON), begun, PER_SECOND);

    host.post("one", &vec![json!("behind"); 100]);
    rated("1000000/s").write(host.folder());
    host.request("POST", "/v2/reload", &Value::Null).expect(200);
    let reloaded = Instant::now();
    sink.wait_for("/rated", 110, SOON);
    assert!(reloaded.elapsed() < Duration::from_secs(100 / PER_SECOND as u64), "the old rate still holds");
}

/// No second since `begun` has more than `per_second`.
fn paced(received: &[Received], begun: Instant, per_second: usize) {
    for (n, one) in received.iter().enumerate() {
        // The host keeps whole milliseconds of a clock that may be corrected meanwhile.
        let least = Duration::from_secs((n / per_second) as u64).saturating_sub(Duration::from_millis(50));
        let after = one.at - begun;
        assert!(
            after >= least,
            "attempt {n} arrived {after:?} after the first post, which is before {least:?}"
        );
    }
}
