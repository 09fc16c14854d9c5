//! Everything but deliveries.

use nuncio_plugin_sdk::{
    core::{abi, wire::Inbound},
    serde_json::{self, Value, json},
};

use crate::{host::Told, made::Made, notice};

fn asked(made: &Made, token: u64, method: &str, json: &Value) -> (i32, Value) {
    assert_eq!(made.call(token, method, &json.to_string(), b""), abi::OK);
    let (status, json, _) = made.host.replied(token);
    (status, serde_json::from_str(&json).unwrap())
}

#[test]
fn check_answers_at_once_or_later() {
    let made = Made::new("single", "check");
    for (token, options) in [(1, json!({})), (2, json!({"do": "late"}))] {
        let (status, answer) = asked(&made, token, "check", &json!({"uri": "test://a/", "options": options}));
        assert_eq!((status, &answer["destination"]), (abi::OK, &json!("elsewhere")));
        assert_eq!(answer["canonical"], "test://a/");
    }
}

#[test]
fn a_refusal_says_where_and_why() {
    let made = Made::new("single", "refusal");
    let (status, answer) = asked(&made, 1, "check", &json!({"uri": "test://a/", "options": {"do": "x"}}));
    let refusal = json!([{"at": "/options/do", "why": "not x", "fix": "leave it out"}]);
    assert_eq!((status, answer), (abi::INVALID, refusal));
    let (status, answer) = asked(&made, 2, "check", &json!({"uri": "no uri"}));
    assert_eq!(status, abi::INVALID);
    assert!(answer[0]["at"].as_str().unwrap().contains("column"), "{answer}");
    let (status, answer) = asked(&made, 3, "check", &json!({"uri": 4711}));
    assert_eq!(status, abi::INVALID);
    assert!(!answer.to_string().contains("4711"), "{answer}");
}

#[test]
fn a_panic_is_a_failed_call_that_names_its_place() {
    let made = Made::new("single", "check panic");
    let (status, answer) = asked(&made, 1, "check", &json!({"uri": "test://a/", "options": {"do": "panic"}}));
    let why = answer["why"].as_str().unwrap();
    assert!(status == abi::FAILED && why.contains("drivers.rs:") && why.ends_with(": check"), "{why}");
}

#[test]
fn a_call_under_way_is_answered_by_shutdown() {
    let made = Made::new("single", "check sleep");
    let json = json!({"uri": "test://a/", "options": {"do": "sleep"}}).to_string();
    assert_eq!(made.call(1, "check", &json, b""), abi::OK);
    made.shutdown(0);
    assert_eq!(made.host.replied(1).0, abi::CANCELLED);
    assert_eq!(made.call(2, "check", &json, b""), abi::CLOSED);
}

#[test]
fn disabled_says_why() {
    let (on, off) = (Made::new("single", "enabled"), Made::new("single", "disabled"));
    assert_eq!(asked(&on, 1, "disabled", &json!({})), (abi::OK, json!({"reason": null})));
    assert_eq!(asked(&off, 1, "disabled", &json!({})), (abi::OK, json!({"reason": "switched off"})));
}

#[test]
fn render_shows_what_would_be_sent() {
    let made = Made::new("single", "render");
    let notice = serde_json::to_value(notice::json("hello")).unwrap();
    let (status, answer) = asked(&made, 1, "render", &notice);
    assert_eq!((status, &answer["text"]), (abi::OK, &json!("hello to test://somewhere/")));
    assert_eq!(asked(&made, 2, "render", &json!({"uri": "-"})).0, abi::INVALID);
}

#[test]
fn receive_takes_a_body_and_gives_one_and_a_receipt_goes_to_the_host() {
    let made = Made::new("single", "receive");
    let mut request = Inbound::default();
    request.path = "/receipts".to_owned();
    let json = serde_json::to_string(&request).unwrap();
    assert_eq!(made.call(1, "receive", &json, b"body\xff"), abi::OK);
    let (status, json, blob) = made.host.replied(1);
    assert_eq!((status, blob.as_slice()), (abi::OK, b"BODY\xff".as_slice()));
    assert!(json.contains("\"status\":200") && json.contains("text/plain"), "{json}");
    let receipts = made.host.told().into_iter().find_map(|one| match one {
        Told::Called { method, json } if method == "receipt" => Some(json),
        _ => None,
    });
    let receipt: Value = serde_json::from_str(&receipts.unwrap()).unwrap();
    assert_eq!((&receipt["provider_id"], &receipt["outcome"]), (&json!("p-1"), &json!("gone")));
    assert_eq!(asked(&made, 2, "receive", &json!({})).0, abi::INVALID);
}

#[test]
fn an_unknown_method_is_unsupported_and_gets_no_reply() {
    let made = Made::new("single", "unknown");
    assert_eq!(made.call(1, "teleport", "{}", b""), abi::UNSUPPORTED);
    made.shutdown(0);
    assert!(!made.host.told().iter().any(|one| matches!(one, Told::Replied { .. })));
}
