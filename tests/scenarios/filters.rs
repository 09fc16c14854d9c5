//! Subscriptions with filters get the messages that they want, and no others.

use nuncio_tests::{Recipe, Sink};
use serde_json::{Value, json};

use crate::clock::SOON;

#[test]
fn only_those_whose_filter_a_message_passes_get_it() {
    let sink = Sink::start();
    let host = Recipe::new().start();
    let orders = json!({"filter": {"kind": ["order"], "n": [{"numeric": [">=", 5]}]}});
    let cancelled = json!({"filter": {"state": {"name": [{"prefix": "cancel"}]}}, "filter_scope": "body"});
    let not_bills = json!({"filter": {"kind": [{"anything-but": ["bill"]}]}});
    for (path, options) in [("/orders", &orders), ("/cancelled", &cancelled), ("/not-bills", &not_bills)] {
        host.subscribe("shop", &sink.url(path), options);
    }
    let message = |kind: &str, n: u32, state: &str| json!({"body": {"n": n, "state": {"name": state}}, "attributes": {"kind": kind, "n": n}});
    let messages = json!({"messages": [
        message("order", 5, "paid"), message("order", 4, "cancelled"), message("bill", 9, "cancelled by Ann"),
    ]});
    let answer = host.request("POST", "/v2/queues/shop/messages", &messages);
    assert_eq!(answer.status, 201, "{answer:?}");

    let numbers = |path: &str, count: usize| -> Vec<Value> {
        let received = sink.wait_for(path, count, SOON);
        received.iter().map(|one| one.json()["body"]["n"].clone()).collect()
    };
    assert_eq!(numbers("/orders", 1), [json!(5)]);
    assert_eq!(numbers("/cancelled", 2), [json!(4), json!(9)]);
    assert_eq!(numbers("/not-bills", 2), [json!(5), json!(4)]);
    assert_eq!(host.deliveries("queue=shop").len(), 5, "nothing else was accepted for delivery");
    assert_eq!(sink.count(), 5);
}

#[test]
fn a_bad_filter_is_refused_with_its_place() {
    let host = Recipe::new().start();
    let subscribe = |options: Value| {
        let wish = json!({"subscriber": "log:", "options": options});
        host.request("POST", "/v2/queues/shop/subscriptions", &wish)
    };
    for (filter, place) in [
        (json!({"n": [{"numeric": [">", 1e10]}]}), "options.filter.n.0.numeric.1: "),
        (json!({"kind": [{"prefx": "a"}]}), "unknown operator `prefx`; did you mean `prefix`?"),
        (json!({"kind": "order"}), "options.filter.kind: must be a list of values, even of one"),
    ] {
        let answer = subscribe(json!({"filter": filter}));
        assert_eq!(answer.status, 400, "{answer:?}");
        let why = answer.json()["description"].to_string();
        assert!(why.contains(place), "{why}");
    }
    assert_eq!(subscribe(json!({"filter": {"kind": ["order"]}})).status, 201);
}
