//! Messages posted to a queue reach its webhooks.

use nuncio_tests::{Recipe, Reply, Sink, failures};
use serde_json::json;

use crate::clock::SOON;

#[test]
fn every_subscriber_gets_every_message_and_a_503_is_tried_again() {
    let sink = Sink::start();
    sink.on("/flaky", [Reply::Status(503), Reply::Status(503), Reply::Status(204)]);
    let host = Recipe::new().start();
    host.subscribe("orders", &sink.url("/steady"), &json!({}));
    host.subscribe("orders", &sink.url("/flaky"), &json!({}));
    host.post("orders", &[json!({"order": 7})]);

    let steady = sink.wait_for("/steady", 1, SOON);
    let expected = json!({
        "ttl": 3600, "body": {"order": 7}, "Message_Type": "Notification", "queue_name": "orders"
    });
    assert_eq!(steady[0].json(), expected);
    assert_eq!(steady[0].header("content-type"), Some("application/json"));

    let flaky = sink.wait_for("/flaky", 3, SOON);
    let id = flaky[0].webhook_id();
    assert!(flaky.iter().all(|one| one.webhook_id() == id), "an attempt bore another id: {flaky:?}");
    assert_ne!(id, steady[0].webhook_id());

    let delivery = host.settled(id, "delivered", SOON);
    assert_eq!(delivery["attempts"], 3, "{delivery}");
    assert_eq!(failures(&delivery).iter().filter(|one| one["code"] == 503).count(), 2, "{delivery}");
    assert_eq!(host.deliveries("queue=orders&state=delivered").len(), 2);
    assert_eq!(sink.count(), 4);
}

#[test]
fn the_messages_of_one_post_arrive_in_order() {
    let sink = Sink::start();
    let host = Recipe::new().start();
    host.subscribe("q", &sink.url("/in-order"), &json!({}));
    let bodies: Vec<_> = (0..50).map(|n| json!(n)).collect();
    host.post("q", &bodies);
    let received = sink.wait_for("/in-order", 50, SOON);
    let order: Vec<_> = received.iter().map(|one| one.json()["body"].clone()).collect();
    assert_eq!(order, bodies);
}

#[test]
fn options_shape_the_request() {
    let sink = Sink::start();
    let host = Recipe::new().start();
    let options = json!({
        "post_data": "{\"told\": \"$zaqar_message$\", \"by\": \"nuncio\"}",
        "post_headers": {"X-Room": "42"},
        "secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
    });
    host.subscribe("q", &sink.url("/shaped"), &options);
    host.post("q", &[json!("ring")]);
    let received = &sink.wait_for("/shaped", 1, SOON)[0];
    assert_eq!(received.json()["told"]["body"], "ring");
    assert_eq!(received.json()["by"], "nuncio");
    assert_eq!(received.header("x-room"), Some("42"));
    assert!(received.header("webhook-signature").is_some_and(|value| value.starts_with("v1,")));
    assert!(received.header("webhook-timestamp").is_some_and(|value| value.parse::<u64>().is_ok()));
}

#[test]
fn a_message_arrives_as_a_cloudevent_in_either_mode() {
    let sink = Sink::start();
    let host = Recipe::new().start();
    host.subscribe("orders", &sink.url("/structured"), &json!({"format": "cloudevents"}));
    host.subscribe("orders", &sink.url("/binary"), &json!({"format": "cloudevents-binary"}));
    let attributes = json!({"ce-type": "org.example.order", "team": "blue", "n": 5});
    let messages = json!({"messages": [{"body": {"order": 7}, "attributes": attributes}]});
    host.request("POST", "/v2/queues/orders/messages", &messages).expect(201);

    let structured = &sink.wait_for("/structured", 1, SOON)[0];
    assert_eq!(structured.header("content-type"), Some("application/cloudevents+json; charset=UTF-8"));
    let event = structured.json();
    assert_eq!(event["specversion"], "1.0");
    assert_eq!(event["type"], "org.example.order");
    assert_eq!((&event["team"], &event["n"]), (&json!("blue"), &json!("5")));
    assert_eq!(event["data"], json!({"order": 7}));
    assert!(event["source"].as_str().is_some_and(|source| source.ends_with("/queues/orders")), "{event}");

    let binary = &sink.wait_for("/binary", 1, SOON)[0];
    assert_eq!(binary.header("content-type"), Some("application/json"));
    assert_eq!(binary.json(), json!({"order": 7}));
    for name in ["specversion", "id", "source", "type", "time", "team", "n"] {
        assert_eq!(
            binary.header(&format!("ce-{name}")),
            event[name].as_str(),
            "the two modes differ in {name}"
        );
    }
}
