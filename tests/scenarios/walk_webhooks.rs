//! The first walk: a POST of 3 messages to two webhooks, one answering 503 twice, one hanging, killed in the middle.

use nuncio_tests::{Recipe, Reply, Sink};
use serde_json::{Value, json};

use crate::clock::SOON;

#[test]
fn three_messages_reach_both_webhooks_over_a_kill() {
    let sink = Sink::start();
    sink.on("/flaky", [Reply::Status(503), Reply::Status(503), Reply::Status(204)]);
    sink.on("/hanging", [Reply::Hang]);
    let mut host =
        Recipe::new().delivery("retry = { schedule = [\"0s\", \"2s\", \"2s\", \"2s\", \"2s\"] }").start();
    host.subscribe("q", &sink.url("/flaky"), &json!({}));
    host.subscribe("q", &sink.url("/hanging"), &json!({"deadline": "20s"}));
    host.post("q", &[json!("one"), json!("two"), json!("three")]);

    // The middle: the first webhook has refused twice, the second has been asked and is silent.
    sink.wait_for("/flaky", 2, SOON);
    sink.wait_for("/hanging", 1, SOON);
    host.kill();
    sink.on("/hanging", [Reply::Status(204)]);
    let silent = sink.received("/hanging")[0].webhook_id().to_owned();
    host.start();

    for path in ["/flaky", "/hanging"] {
        for body in ["one", "two", "three"] {
            nuncio_tests::until(&format!("{body} at {path}"), SOON, || {
                let answered =
                    |one: &nuncio_tests::Received| one.answered == Some(204) && one.json()["body"] == body;
                sink.received(path).iter().any(answered).then_some(())
            });
        }
    }
    let delivered = nuncio_tests::until("six deliveries", SOON, || {
        Some(host.deliveries("queue=q&state=delivered")).filter(|all| all.len() == 6)
    });
    assert_eq!(host.deliveries("queue=q&state=waiting"), Vec::<Value>::new());
    let ids: Vec<&str> = delivered.iter().map(|one| one["id"].as_str().unwrap()).collect();
    assert!(ids.contains(&silent.as_str()), "what was tried before the kill bears the same id after it");
    let known = |one: &nuncio_tests::Received| ids.contains(&one.webhook_id());
    assert!(sink.look(|all| all.iter().all(known)), "an attempt bore an id that no delivery has");
}
