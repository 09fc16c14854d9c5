//! Subscribers that are gone, or that fail for too long: they are left alone, and somebody is told.

use nuncio_tests::{Host, Recipe, Reply, Sink, until};
use serde_json::{Value, json};

use crate::clock::SOON;

const EVENTS: &str = "[events]\nqueue = \"nuncio-events\"\n";

/// The events that `project` finds in the queue, oldest first, once there are so many.
fn pulled(host: &Host, project: &str, count: usize) -> Vec<Value> {
    let tenant = host.tenant(project);
    until("events to pull", SOON, || {
        let page =
            tenant.request("GET", "/v2/queues/nuncio-events/messages", &Value::Null).expect(200).json();
        page["messages"].as_array().filter(|all| all.len() >= count).cloned()
    })
}

/// The subscription as the API shows it, once it is disabled.
fn disabled(host: &Host, path: &str) -> Value {
    until("the subscription to be disabled", SOON, || {
        let shown = host.get(path).expect(200).json();
        shown.get("disabled").cloned()
    })
}

#[test]
fn a_subscriber_that_is_gone_is_disabled_told_of_and_comes_back_by_hand() {
    let (sink, host) = (Sink::start(), Recipe::new().section(EVENTS).start());
    sink.on("/gone", [Reply::Status(410), Reply::Status(204)]);
    let id = host.subscribe("orders", &sink.url("/gone"), &json!({}));
    host.subscribe("nuncio-events", &sink.url("/events"), &json!({}));
    host.post("orders", &[json!(1)]);

    let told = sink.wait_for("/events", 1, SOON)[0].json()["body"].clone();
    assert_eq!((&told["type"], &told["subscription"]), (&json!("subscription.disabled"), &json!(id)));
    let kept = pulled(&host, "tests", 1);
    assert_eq!((&kept[0]["body"], &kept[0]["attributes"]["type"]), (&told, &told["type"]));
    let path = format!("/v2/queues/orders/subscriptions/{id}");
    let shown = disabled(&host, &path);
    assert!(shown["reason"].as_str().unwrap().contains("410"), "{shown}");
    host.settled(sink.received("/gone")[0].webhook_id(), "dead", SOON);

    host.post("orders", &[json!(2)]);
    assert_eq!(host.deliveries("queue=orders").len(), 1, "a disabled subscription matched");
    host.request("POST", &format!("{path}/enable"), &Value::Null).expect(204);
    assert_eq!(host.get(&path).expect(200).json().get("disabled"), None);
    host.post("orders", &[json!(3)]);
    assert_eq!(sink.wait_for("/gone", 2, SOON)[1].json()["body"], 3);
}

#[test]
fn what_waits_for_an_address_that_is_gone_is_not_sent() {
    let sink = Sink::start();
    let host = Recipe::new().delivery("retry = { schedule = [\"5s\"] }").start();
    sink.on("/late", [Reply::Status(503), Reply::Status(410), Reply::Status(204)]);
    host.subscribe("orders", &sink.url("/late"), &json!({}));
    host.post("orders", &[json!(1)]);
    let first = sink.wait_for("/late", 1, SOON)[0].webhook_id().to_owned();
    host.failed(&first, 1, SOON);
    host.post("orders", &[json!(2)]);
    let second = sink.wait_for("/late", 2, SOON)[1].webhook_id().to_owned();
    host.settled(&second, "dead", SOON);
    host.settled(&first, "suppressed", SOON);
    assert_eq!(sink.received("/late").len(), 2);
}

#[test]
fn a_subscriber_that_fails_for_too_long_is_disabled_until_it_is_changed() {
    let sink = Sink::start();
    let host = Recipe::new()
        .delivery("disable_after = \"1s\"")
        .delivery("retry = { schedule = [\"0s\", \"1s\", \"1s\", \"1s\"] }")
        .section(EVENTS)
        .start();
    sink.on("/broken", [Reply::Status(500)]);
    let id = host.subscribe("orders", &sink.url("/broken"), &json!({}));
    host.post("orders", &[json!(1)]);
    let path = format!("/v2/queues/orders/subscriptions/{id}");
    let shown = disabled(&host, &path);
    assert!(shown["reason"].as_str().unwrap().starts_with("every attempt since "), "{shown}");
    let told = &pulled(&host, "tests", 1)[0]["body"];
    assert_eq!((&told["type"], &told["subscription"]), (&json!("subscription.disabled"), &json!(id)));
    host.request("PATCH", &path, &json!({"subscriber": sink.url("/mended")})).expect(204);
    host.post("orders", &[json!(2)]);
    let bodies: Vec<_> =
        sink.wait_for("/mended", 1, SOON).iter().map(|one| one.json()["body"].clone()).collect();
    assert!(bodies.contains(&json!(1)) || bodies.contains(&json!(2)), "{bodies:?}");
}

#[test]
fn a_lane_that_pauses_and_goes_on_is_told_to_who_subscribed_and_to_who_pulls() {
    let sink = Sink::start_everywhere();
    let host = Recipe::new()
        .delivery("breaker_failures = 2")
        .delivery("breaker_span = \"1ms\"")
        .delivery("probe_min = \"1s\"")
        .delivery("retry = { schedule = [\"1s\", \"1s\", \"1s\", \"1s\"] }")
        .section(&format!("{EVENTS}project = \"operators\""))
        .start();
    let operators = host.tenant("operators");
    operators.subscribe("nuncio-events", &sink.url_at(2, "/all"), &json!({}));
    let resumed = json!({"filter": {"type": ["lane.resumed"]}});
    operators.subscribe("nuncio-events", &sink.url_at(3, "/resumed"), &resumed);
    sink.on("/down", [Reply::Status(503), Reply::Status(503), Reply::Status(204)]);
    host.subscribe("orders", &sink.url_at(1, "/down"), &json!({}));
    host.post("orders", &[json!(1)]);

    let kept = pulled(&host, "operators", 2);
    let types: Vec<_> = kept.iter().map(|one| one["body"]["type"].clone()).collect();
    assert_eq!(types, ["lane.paused", "lane.resumed"]);
    let destination = sink.url_at(1, "");
    for one in &kept {
        let told = &one["body"];
        assert_eq!((&told["project"], &told["driver"]), (&json!("tests"), &json!("http")), "{told}");
        assert_eq!(told["destination"], destination, "{told}");
        assert!(told["time"].is_string() && one["attributes"]["type"] == told["type"], "{one}");
    }
    assert!(kept[0]["body"]["reason"].as_str().is_some_and(|reason| reason.contains("503")), "{kept:?}");
    let bodies = |path: &str, count: usize| -> Vec<Value> {
        sink.wait_for(path, count, SOON).iter().map(|one| one.json()["body"].clone()).collect()
    };
    assert_eq!(bodies("/all", 2), [kept[0]["body"].clone(), kept[1]["body"].clone()]);
    assert_eq!(bodies("/resumed", 1), [kept[1]["body"].clone()]);
}
