//! What a client may take, and how connections end.

use std::time::Duration;

use futures_util::SinkExt;
use serde_json::json;
use tokio_tungstenite::tungstenite::{self, Message};

use super::client::{Client, House};
use crate::{storage::own_destination, websocket::driver::NAME};

const Q: &str = "q";

#[tokio::test]
async fn a_client_that_does_not_read_is_dropped_and_loses_nothing_of_what_is_stored() {
    let house = House::with(|config| config.websocket.write_timeout = Duration::from_millis(300)).await;
    let (mut slow, mut quick) = (house.client().await, house.client().await);
    let stored = quick.stored(Q, "websocket:slow").await;
    let other = quick.stored(Q, "websocket:quick").await;
    slow.attach(Q, &stored).await;
    quick.attach(Q, &other).await;
    let mut poster = house.client().await;
    let large = "x".repeat(200_000);
    let posting = async {
        for n in 0..60 {
            poster.post(Q, [json!({"n": n, "x": large})]).await;
        }
    };
    let reading = async {
        for n in 0..60 {
            assert_eq!(quick.pushed(1).await[0]["n"], n);
        }
    };
    let face = house.host.face();
    let destination = own_destination(face.ids.parse_subscription(&stored).unwrap());
    let dropped = async {
        while face.delivery.away(NAME, &destination).is_none() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        slow.closed().await
    };
    let ((), (), closed) = tokio::join!(posting, reading, dropped);
    assert!(closed.reason.starts_with("slow reader: ") && u16::from(closed.code) == 1008, "{closed}");
    let mut again = house.client().await;
    again.attach(Q, &stored).await;
    let mut seen = Vec::new();
    while seen.last() != Some(&json!(59)) {
        seen.push(again.pushed(1).await[0]["n"].clone());
    }
    assert!(seen.len() < 60, "some were written before");
}

#[tokio::test]
async fn who_says_nothing_is_dropped_and_who_answers_pings_is_not() {
    let house = House::with(|config| {
        config.websocket.ping_interval = Duration::from_millis(100);
        config.websocket.idle_timeout = Duration::from_millis(400);
    })
    .await;
    let (mut mute, mut alive) = (house.client().await, house.client().await);
    alive.ask("ping_node", json!({})).await;
    mute.ask("ping_node", json!({})).await;
    let reading = async {
        // Pings are answered by reading.
        tokio::time::timeout(Duration::from_millis(1500), alive.frame()).await.unwrap_err();
    };
    let waiting = tokio::time::sleep(Duration::from_millis(1500));
    tokio::join!(reading, waiting);
    assert!(mute.closed().await.reason.starts_with("nothing heard for 400 ms"));
    assert_eq!(alive.ask("ping_node", json!({})).await.0, 204);
}

#[tokio::test]
async fn a_message_that_is_too_large_ends_the_connection_with_its_limit() {
    let house = House::with(|config| {
        config.queues.max_messages_post_size = 1000;
        config.queues.max_queue_metadata = 1000;
    })
    .await;
    let mut client = house.client().await;
    // The host may have closed before all of it is sent.
    client.stream.send(Message::text("x".repeat(200_000))).await.ok();
    let closed = client.closed().await;
    assert!(u16::from(closed.code) == 1009 && closed.reason.contains("max_messages_post_size"), "{closed}");
}

#[tokio::test]
async fn connections_and_their_subscriptions_are_counted() {
    let house = House::with(|config| {
        config.websocket.max_connections = 2;
        config.websocket.max_subscriptions = 2;
    })
    .await;
    let (mut client, second) = (house.client().await, house.client().await);
    let refused = Client::try_connect(house.host.address(), &[]).await.err().unwrap();
    let tungstenite::Error::Http(answer) = refused else { panic!("{refused}") };
    assert_eq!(answer.status(), 503);
    drop(second);
    let own = |queue: &str| json!({"queue_name": queue});
    let first = client.ask("subscription_create", own("a")).await.1["subscription_id"].clone();
    assert_eq!(client.ask("subscription_create", own("b")).await.0, 201);
    let (status, body) = client.ask("subscription_create", own("c")).await;
    assert!(status == 400 && body["error"].as_str().unwrap().contains("max_subscriptions"), "{body}");
    let delete = json!({"queue_name": "a", "subscription_id": first});
    assert_eq!(client.ask("subscription_delete", delete).await.0, 204);
    assert_eq!(client.ask("subscription_create", own("c")).await.0, 201);
}

#[tokio::test]
async fn a_host_that_stops_answers_what_it_took_and_says_goodbye() {
    let house = House::new().await;
    let mut client = house.client().await;
    for n in 0..20 {
        client.say("message_post", &json!({"queue_name": Q, "messages": [{"body": n}]})).await;
    }
    // The first answer says that the host has begun to read.
    let mut answered = 0;
    assert_eq!(client.text().await["headers"]["status"], 201);
    let stopping = tokio::spawn(house.host.stop());
    let closed = loop {
        match client.frame().await {
            Message::Text(text) => {
                assert!(text.contains("\"status\": 201"), "{text}");
                answered += 1;
            }
            Message::Close(frame) => break frame.unwrap(),
            other => panic!("{other:?}"),
        }
    };
    assert!(u16::from(closed.code) == 1001 && closed.reason == "the host stops", "{closed}");
    assert!(answered <= 19);
    stopping.await.unwrap();
}
