//! `POST /v2/notifications`.

use serde_json::{Value, json};

use super::house::{CLOSED, House};

const PATH: &str = "/v2/notifications";

#[tokio::test]
async fn each_recipient_has_a_delivery() {
    let house = House::new().await;
    let to = json!(["log:first", "mailto:a@b.example,c@d.example?cc=e@f.example", "log:last"]);
    let reply = house.post(PATH, json!({"to": to, "content": "hi"})).await.is(202);
    let deliveries = reply.body["deliveries"].as_array().unwrap();
    let addresses: Vec<_> = deliveries.iter().filter_map(|one| one["address"].as_str()).collect();
    assert_eq!(addresses[1..4], ["a@b.example", "c@d.example", "e@f.example"]);
    for index in [0, 4] {
        let id = deliveries[index]["id"].as_str().unwrap();
        let delivered = house.until(id, "delivered").await;
        assert!(delivered["to"] == deliveries[index]["to"] && delivered["address"] == addresses[index]);
    }
}

#[tokio::test]
async fn neither_a_password_nor_a_token_is_shown() {
    let house = House::new().await;
    let to = "http://user:hunter2@127.0.0.1:9/x?token=hunter2";
    let reply = house.post(PATH, json!({"to": to, "content": 1})).await.is(202);
    let id = reply.body["deliveries"][0]["id"].as_str().unwrap();
    let shown = house.get(&format!("/v2/deliveries/{id}")).await.is(200);
    let listed = house.get("/v2/deliveries").await.is(200);
    for reply in [&reply, &shown, &listed] {
        let text = reply.body.to_string();
        assert!(text.contains("127.0.0.1:9/x") && !text.contains("hunter2"), "{text}");
    }
}

#[tokio::test]
async fn every_bad_entry_is_listed_and_nothing_is_stored() {
    let house = House::new().await;
    let to = json!(["log:", "nope", {"uri": "log:", "options": {"subjcet": "x"}}, "mailto:"]);
    let reply = house.post(PATH, json!({"to": to, "content": 1})).await.is(400);
    for place in ["to[1]: ", "to[2]: unknown option `subjcet`, did you mean `subject`?", "to[3]: "] {
        assert!(reply.why().contains(place), "{reply:?}");
    }
    let reply = house.post(PATH, json!({"to": "log:", "template": "absent"})).await.is(400);
    assert!(reply.why().starts_with("template: no template is called `absent`"), "{reply:?}");
    let many = vec!["log:"; 1001];
    let reply = house.post(PATH, json!({"to": many, "content": 1})).await.is(400);
    assert!(reply.why().contains("1001 entries, and the most is 1000"), "{reply:?}");
    assert_eq!(house.get("/v2/deliveries").await.is(200).body["deliveries"], json!([]));
}

#[tokio::test]
async fn a_repeated_notification_is_sent_once() {
    let house = House::new().await;
    let key = [("idempotency-key", "invoice-7")];
    let body = json!({"to": ["log:a", "log:b"], "content": "x"});
    let first = house.with("POST", PATH, Some(body.clone()), &key).await.is(202);
    let again = house.with("POST", PATH, Some(body), &key).await.is(202);
    assert_eq!(first.body, again.body);
    assert_eq!((first.header("idempotent-replay"), again.header("idempotent-replay")), ("", "true"));
    house.with("POST", PATH, Some(json!({"to": "log:a", "content": "y"})), &key).await.is(422);
    let long = "k".repeat(256);
    let body = json!({"to": "log:a", "content": "y"});
    house.with("POST", PATH, Some(body), &[("idempotency-key", &long)]).await.is(400);
}

#[tokio::test]
async fn attachments_go_where_a_driver_carries_them() {
    let house = House::new().await;
    let file = json!({"name": "a.pdf", "data": "AP8="});
    let with = |to: Value, file: &Value| json!({"to": to, "content": "hi", "attachments": [file]});
    house.post(PATH, with(json!(["mailto:a@b.example", CLOSED]), &file)).await.is(202);
    let reply = house.post(PATH, with(json!(["mailto:a@b.example", "log:"]), &file)).await.is(400);
    assert!(reply.why().starts_with("to[1]: the driver `log` carries no attachments"), "{reply:?}");
    let broken = json!({"name": "a.pdf", "data": "%"});
    let reply = house.post(PATH, with(json!(CLOSED), &broken)).await.is(400);
    assert!(reply.why().starts_with("attachments[0].data: not base64"), "{reply:?}");
    let large = json!({"name": "a.pdf", "data": "A".repeat(8 << 20)});
    let reply = house.post(PATH, with(json!(CLOSED), &large)).await.is(400);
    assert!(reply.why().contains("8388608 bytes (max_notification_size)"), "{reply:?}");
}

#[tokio::test]
async fn a_notification_for_later_is_held_until_then() {
    let house = House::new().await;
    let body = json!({"to": "log:", "content": 1, "deliver_at": "2099-01-01T00:00:00Z"});
    let far = house.post(PATH, body).await.is(400);
    assert!(far.why().starts_with("deliver_at: "), "{far:?}");
    let tomorrow = now() / 1000 + 86_400;
    let reply = house.post(PATH, json!({"to": "log:", "content": 1, "deliver_at": tomorrow})).await.is(202);
    let id = reply.body["deliveries"][0]["id"].as_str().unwrap();
    let held = house.until(id, "held").await;
    assert!(held["reason"] == "scheduled" && held["due"].is_string(), "{held}");
}

fn now() -> i64 {
    use nuncio_core::Clock;
    crate::clock::System.now_ms()
}
