//! Devices over the API: what goes in never comes out, and what subscribes them follows them.

use std::sync::Arc;

use serde_json::{Value, json};

use super::house::House;
use crate::drivers::stranger::Stranger;

/// A host with a driver `pager` that keeps devices.
async fn house() -> (House, Arc<Stranger>) {
    let stranger = Arc::new(Stranger::new());
    stranger
        .write(&format!("{}\n[events]\nqueue = \"ops\"\n", stranger.exec_with_devices("pager", &["pager"])));
    (House::of(&stranger).await, stranger)
}

fn phone() -> Value {
    json!({
        "scheme": "pager", "address": "s3cret-token", "keys": {"auth": "s3cret-key"},
        "attributes": {"topic": "org.example.app"},
    })
}

#[tokio::test]
async fn a_device_is_registered_shown_without_its_secrets_and_removed() {
    let (house, _stranger) = house().await;
    let made = house.call("PUT", "/v2/devices/ann-phone", Some(phone())).await.is(201);
    assert_eq!(made.header("location"), "/v2/devices/ann-phone");
    assert_eq!((&made.body["uri"], &made.body["account"]), (&json!("pager:ann-phone"), &json!("default")));
    house.call("PUT", "/v2/devices/ann-phone", Some(phone())).await.is(200);
    let other = house.post("/v2/devices", phone()).await.is(201).body;
    let id = other["id"].as_str().unwrap();
    assert_eq!((id.len(), &other["fingerprint"]), (32, &made.body["fingerprint"]));
    let shown = house.get("/v2/devices/ann-phone").await.is(200);
    assert_eq!(shown.body["attributes"]["topic"], "org.example.app");
    let mut next = "/v2/devices?limit=1".to_owned();
    let mut ids = Vec::new();
    while ids.len() < 2 {
        let page = house.get(&next).await.is(200);
        assert!(!page.text.contains("s3cret") && !shown.text.contains("s3cret"), "{}", page.text);
        ids.push(page.body["devices"][0]["id"].as_str().unwrap().to_owned());
        next = page.body["links"][0]["href"].as_str().unwrap_or_default().to_owned();
    }
    assert!(ids.contains(&id.to_owned()) && ids.contains(&"ann-phone".to_owned()), "{ids:?}");
    let stranger = [("x-project-id", "other")];
    house.with("GET", "/v2/devices/ann-phone", None, &stranger).await.is(404);
    house.with("DELETE", "/v2/devices/ann-phone", None, &stranger).await.is(404);
    house.call("DELETE", "/v2/devices/ann-phone", None).await.is(204);
    house.get("/v2/devices/ann-phone").await.is(404);
    house.call("DELETE", "/v2/devices/ann-phone", None).await.is(404);
}

#[tokio::test]
async fn a_wrong_device_is_refused_by_its_member_and_repeated_nowhere() {
    let (house, _stranger) = house().await;
    let but = |name: &str, value: Value| {
        let mut device = phone();
        device[name] = value;
        device
    };
    for (device, told) in [
        (but("address", json!("bad-s3cret")), "address: `***` is no token"),
        (but("address", json!("")), "address: must be a text"),
        (but("keys", json!(["s3cret-key"])), "keys: must be an object of strings"),
        (but("scheme", json!("http")), "scheme: no driver here keeps devices of that scheme; there are: "),
        (but("id", json!("a b")), "id: must be 1 to 64"),
        (but("adress", json!("s3cret")), "did you mean `address`?"),
        (but("attributes", json!({"a": "x".repeat(5000)})), "attributes: has more than"),
        (json!({"scheme": "pager"}), "address: is missing"),
        (json!({"address": "s3cret-token"}), "scheme: is missing"),
    ] {
        let reply = house.post("/v2/devices", device).await.is(400);
        assert!(reply.why().contains(told) && !reply.text.contains("s3cret"), "{told}: {reply:?}");
    }
    let reply = house.call("PUT", "/v2/devices/a", Some(but("id", json!("b")))).await.is(400);
    assert!(reply.why().contains("not that of the path"), "{reply:?}");
    house.call("PUT", "/v2/devices/a%20b", Some(phone())).await.is(400);
}

#[tokio::test]
async fn only_a_registered_device_is_subscribed_or_sent_to() {
    let (house, _stranger) = house().await;
    let subscribe = json!({"subscriber": "pager:ann-phone"});
    let place = "/v2/queues/alarms/subscriptions";
    let reply = house.post(place, subscribe.clone()).await.is(400);
    for word in
        ["no device `ann-phone` is registered", "PUT /v2/devices/ann-phone", "nuncio devices add ann-phone"]
    {
        assert!(reply.why().contains(word), "{reply:?}");
    }
    let sent = json!({"to": ["pager:ann-phone"], "content": "x"});
    house.post("/v2/notifications", sent.clone()).await.is(400);
    house.call("PUT", "/v2/devices/ann-phone", Some(phone())).await.is(201);
    house.post(place, subscribe.clone()).await.is(201);
    house.post("/v2/notifications", sent).await.is(202);
    house.with("POST", place, Some(subscribe), &[("x-project-id", "other")]).await.is(400);
}

#[tokio::test]
async fn a_device_that_is_gone_ends_until_it_is_registered_anew() {
    let (house, _stranger) = house().await;
    house.call("PUT", "/v2/devices/ann-phone", Some(phone())).await.is(201);
    let place = "/v2/queues/alarms/subscriptions";
    house.post(place, json!({"subscriber": "pager:ann-phone"})).await.is(201);
    let dead = house.notify(json!(["pager:ann-phone"]), json!("dead-phone")).await;
    house.until(&dead[0], "dead").await;
    let ended = loop {
        let shown = house.get("/v2/devices/ann-phone").await.is(200).body;
        if shown["ended"].is_string() {
            break shown;
        }
        tokio::task::yield_now().await;
    };
    assert_eq!(ended["reason"], "no such phone");
    let reply =
        house.post("/v2/notifications", json!({"to": ["pager:ann-phone"], "content": "x"})).await.is(400);
    assert!(reply.why().contains("has ended: no such phone"), "{reply:?}");
    let told = house.get("/v2/queues/ops/messages?echo=true").await.is(200).body;
    let event = told["messages"][0]["body"].clone();
    assert_eq!((&event["type"], &event["device"]), (&json!("device.gone"), &json!("ann-phone")));
    assert!(!told.to_string().contains("s3cret"), "{told}");
    house.call("PUT", "/v2/devices/ann-phone", Some(phone())).await.is(200);
    assert!(house.get("/v2/devices/ann-phone").await.is(200).body["ended"].is_null());
    let well = house.notify(json!(["pager:ann-phone"]), json!("hello")).await;
    house.until(&well[0], "delivered").await;
}
