//! SIGTERM: attempts under way end, nothing is lost, nothing is sent twice.

use std::{collections::HashSet, time::Duration};

use nuncio_tests::{Recipe, Reply, Sink};
use serde_json::json;

use crate::clock::SOON;

#[test]
fn a_stop_drains_and_the_next_start_goes_on() {
    let sink = Sink::start();
    sink.on("/slow", [Reply::Late(204, Duration::from_millis(700))]);
    let mut host = Recipe::new().start();
    host.subscribe("q", &sink.url("/slow"), &json!({}));
    for n in 0..40 {
        host.post("q", &[json!(n)]);
    }
    sink.wait_for("/slow", 4, SOON);
    host.stop();
    let before = sink.count();
    assert!(before < 40, "all was sent before the stop: it stopped nothing");
    host.start();
    let received = sink.wait_for("/slow", 40, SOON);
    let ids: HashSet<&str> = received.iter().map(|one| one.webhook_id()).collect();
    for id in &ids {
        host.settled(id, "delivered", SOON);
    }
    assert_eq!((ids.len(), sink.count()), (40, 40), "a graceful stop sends nothing twice");
}
