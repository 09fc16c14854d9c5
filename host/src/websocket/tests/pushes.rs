//! What is delivered to connections.

use futures_util::SinkExt;
use serde_json::{Value, json};

use super::client::{Client, House};

const Q: &str = "q";

fn numbers(range: std::ops::Range<usize>) -> Vec<Value> {
    range.map(Value::from).collect()
}

async fn subscribe(client: &mut Client) -> (u64, Value) {
    client.ask("subscription_create", json!({"queue_name": Q, "ttl": 600})).await
}

#[tokio::test]
async fn a_connection_that_subscribes_is_pushed_bare_notifications() {
    let house = House::new().await;
    let (mut client, mut poster) = (house.client().await, house.client().await);
    let (status, made) = subscribe(&mut client).await;
    assert_eq!((status, &made["message"]), (201, &json!("Subscription q created.")));
    assert_eq!(subscribe(&mut client).await, (409, json!("Subscription q not created.")));
    let of = json!({"queue_name": Q, "subscription_id": made["subscription_id"]});
    let (_, shown) = client.ask("subscription_get", of.clone()).await;
    assert!(
        shown["source"] == Q && shown["subscriber"].as_str().unwrap().starts_with("websocket:"),
        "{shown}"
    );
    poster.post(Q, [json!({"k": 1})]).await;
    let want = json!({"ttl": 3600, "body": {"k": 1}, "Message_Type": "Notification", "queue_name": Q});
    assert_eq!(client.text().await, want);
    assert_eq!(client.ask("subscription_delete", of.clone()).await.0, 204);
    assert_eq!(client.ask("subscription_get", of).await.0, 404);
    poster.post(Q, [json!(2)]).await;
    assert_eq!(client.ask("ping_node", json!({})).await.0, 204);
}

#[tokio::test]
async fn a_connection_that_ends_takes_its_subscription_along() {
    let house = House::new().await;
    let (mut client, mut other) = (house.client().await, house.client().await);
    subscribe(&mut client).await;
    let stored = other.stored(Q, "websocket:worker").await;
    assert_eq!(client.attach(Q, &stored).await.0, 200);
    other.until_subscriptions(Q, 2).await;
    client.stream.close(None).await.unwrap();
    other.until_subscriptions(Q, 1).await;
    assert_eq!(other.attach(Q, &stored).await.0, 200);
}

#[tokio::test]
async fn what_waited_while_nobody_was_attached_comes_first_and_in_order() {
    let house = House::new().await;
    let mut poster = house.client().await;
    let stored = poster.stored(Q, "websocket:worker").await;
    for n in 0..50 {
        poster.post(Q, [json!(n)]).await;
    }
    let mut worker = house.client().await;
    worker.say("subscription_attach", &json!({"queue_name": Q, "subscription_id": stored})).await;
    assert_eq!(worker.text().await["headers"]["status"], 200);
    assert_eq!(worker.pushed(50).await, numbers(0..50));
    drop(worker);
    let mut worker = house.client().await;
    poster.post(Q, numbers(50..60)).await;
    worker.attach(Q, &stored).await;
    poster.post(Q, numbers(60..70)).await;
    let mut seen = worker.pushed(20).await;
    seen.dedup();
    assert_eq!(seen, numbers(50..70));
}

#[tokio::test]
async fn the_last_one_to_attach_takes_over() {
    let house = House::new().await;
    let (mut first, mut second) = (house.client().await, house.client().await);
    let stored = first.stored(Q, "websocket:worker").await;
    first.attach(Q, &stored).await;
    first.say("message_post", &json!({"queue_name": Q, "messages": [{"body": 1}]})).await;
    let (one, two) = (first.text().await, first.text().await);
    assert!(one["body"] == 1 || two["body"] == 1, "{one} {two}");
    second.attach(Q, &stored).await;
    first.post(Q, [json!(2)]).await;
    assert_eq!(second.pushed(1).await, [json!(2)]);
    drop(first);
    let mut poster = house.client().await;
    poster.post(Q, [json!(3)]).await;
    assert_eq!(second.pushed(1).await, [json!(3)], "who was taken over from detaches nothing");
}

#[tokio::test]
async fn only_what_waits_for_connections_can_be_attached_to() {
    let house = House::new().await;
    let (mut client, mut other) = (house.client().await, house.client().await);
    let own = subscribe(&mut other).await.1["subscription_id"].as_str().unwrap().to_owned();
    assert_eq!(client.attach(Q, &own).await.0, 409);
    let webhook = client.stored(Q, "https://a.example/").await;
    assert_eq!(client.attach(Q, &webhook).await.0, 400);
    let stored = client.stored(Q, "websocket:").await;
    assert_eq!(client.attach("other", &stored).await.0, 404);
    client.headers["X-Project-ID"] = json!("other");
    assert_eq!(client.attach(Q, &stored).await.0, 404);
    client.headers["X-Project-ID"] = json!("p");
    let bad = json!({"queue_name": Q, "subscriber": "websocket://host/path"});
    assert_eq!(client.ask("subscription_create", bad).await.0, 400);
}

#[tokio::test]
async fn a_subscription_that_ends_while_nobody_is_attached_cancels_what_waits() {
    let house = House::new().await;
    let mut client = house.client().await;
    let stored = client.stored(Q, "websocket:worker").await;
    client.post(Q, numbers(0..5)).await;
    let delete = json!({"queue_name": Q, "subscription_id": stored});
    assert_eq!(client.ask("subscription_delete", delete).await.0, 204);
    let store = &house.host.face().store;
    let settled = async {
        while store.gauges().await.unwrap().tally.open() > 0 {
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(20), settled).await.expect("nothing waits any more");
}

#[tokio::test]
async fn a_push_and_an_answer_never_mix() {
    let house = House::new().await;
    let mut client = house.client().await;
    subscribe(&mut client).await;
    for n in 0..100 {
        client.say("message_post", &json!({"queue_name": Q, "messages": [{"body": n}]})).await;
    }
    client.stream.flush().await.unwrap();
    let (mut answers, mut pushes) = (Vec::new(), Vec::new());
    while answers.len() < 100 || pushes.len() < 100 {
        let frame = client.text().await;
        match frame["request"]["body"]["messages"].get(0) {
            Some(message) => answers.push(message["body"].clone()),
            None => pushes.push(frame["body"].clone()),
        }
    }
    assert_eq!((answers, pushes), (numbers(0..100), numbers(0..100)));
}
