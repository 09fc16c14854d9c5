//! Each action with what it answers.

use futures_util::SinkExt;
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

use super::client::{Client, House};

const Q: &str = "q";

#[tokio::test]
async fn queues_are_made_shown_counted_emptied_and_deleted() {
    let house = House::new().await;
    let mut client = house.client().await;
    let of = || json!({"queue_name": Q});
    let made = client.ask("queue_create", json!({"queue_name": Q, "metadata": {"a": 1}})).await;
    assert_eq!(made, (201, json!("Queue q created.")));
    assert_eq!(client.ask("queue_create", of()).await, (204, json!("Queue q created.")));
    assert_eq!(client.ask("queue_get", of()).await, (200, json!({"a": 1})));
    assert_eq!(client.ask("queue_get", json!({"queue_name": "none"})).await.0, 404);
    assert_eq!(client.ask("queue_list", json!({})).await, (200, json!({"queues": [{"name": Q}]})));
    let detailed = client.ask("queue_list", json!({"detailed": true, "limit": 1})).await.1;
    assert_eq!(detailed, json!({"queues": [{"name": Q, "metadata": {"a": 1}}]}));
    assert_eq!(client.ask("queue_list", json!({"marker": Q})).await.1, json!({"queues": []}));
    client.post(Q, [json!(1)]).await;
    let (status, stats) = client.ask("queue_get_stats", of()).await;
    assert_eq!((status, &stats["messages"]["total"]), (200, &json!(1)));
    assert!(stats["messages"]["oldest"]["id"].is_string(), "{stats}");
    let purge = json!({"queue_name": Q, "resource_types": ["messages"]});
    assert_eq!(client.ask("queue_purge", purge).await, (204, json!({})));
    let zeros = json!({"messages": {"claimed": 0, "free": 0, "total": 0}});
    assert_eq!(client.ask("queue_get_stats", of()).await, (200, zeros.clone()));
    assert_eq!(client.ask("queue_delete", of()).await, (204, json!("Queue q removed.")));
    assert_eq!(client.ask("queue_get_stats", of()).await, (404, zeros));
    assert_eq!(client.ask("queue_purge", json!({"queue_name": Q, "resource_types": ["x"]})).await.0, 400);
}

#[tokio::test]
async fn messages_are_posted_listed_shown_popped_and_deleted() {
    let house = House::new().await;
    let mut client = house.client().await;
    let posted =
        json!({"queue_name": Q, "messages": [{"body": {"z": 1.5}, "ttl": 60}, {"body": 2}, {"body": 3}]});
    let (status, body) = client.ask("message_post", posted).await;
    assert_eq!((status, body["message_ids"].as_array().unwrap().len()), (201, 3));
    let first = body["message_ids"][0].clone();
    let own = client.ask("message_list", json!({"queue_name": Q})).await;
    assert_eq!(own, (200, json!({"messages": []})));
    let (_, page) = client.ask("message_list", json!({"queue_name": Q, "echo": true, "limit": 1})).await;
    let shown = json!({"id": first, "claim_id": null, "ttl": 60, "age": 0, "body": {"z": 1.5}});
    assert_eq!(page["messages"], json!([shown]));
    let next = json!({"queue_name": Q, "echo": true, "marker": first});
    assert_eq!(client.ask("message_list", next).await.1["messages"].as_array().unwrap().len(), 2);
    let one = json!({"queue_name": Q, "message_id": first});
    assert_eq!(client.ask("message_get", one.clone()).await.1["messages"]["id"], first);
    let many = json!({"queue_name": Q, "message_ids": [first, "unknown"]});
    assert_eq!(client.ask("message_get_many", many.clone()).await.1["messages"].as_array().unwrap().len(), 1);
    assert_eq!(client.ask("message_delete", one.clone()).await, (204, json!({})));
    assert_eq!(client.ask("message_get", one).await.0, 404);
    let (status, popped) = client.ask("message_delete_many", json!({"queue_name": Q, "pop": 1})).await;
    assert_eq!((status, &popped["messages"][0]["body"]), (200, &json!(2)));
    assert_eq!(client.ask("message_delete_many", many).await, (204, json!({})));
    for bad in [json!({"pop": 0}), json!({}), json!({"pop": 1, "message_ids": ["a"]})] {
        let mut body = json!({"queue_name": Q});
        body.as_object_mut().unwrap().extend(bad.as_object().unwrap().clone());
        assert_eq!(client.ask("message_delete_many", body).await.0, 400);
    }
}

#[tokio::test]
async fn claims_hold_messages_until_they_are_released() {
    let house = House::new().await;
    let mut client = house.client().await;
    let of = |claim: &Value| json!({"queue_name": Q, "claim_id": claim});
    assert_eq!(client.ask("claim_create", json!({"queue_name": Q})).await.0, 204);
    client.post(Q, [json!("x")]).await;
    let wanted = json!({"queue_name": Q, "ttl": 100, "grace": 60, "limit": 5});
    let (status, body) = client.ask("claim_create", wanted).await;
    let (claim, message) = (body["claim_id"].clone(), body["messages"][0].clone());
    assert_eq!((status, &message["claim_id"]), (201, &claim));
    let (status, shown) = client.ask("claim_get", of(&claim)).await;
    assert_eq!((status, &shown["ttl"], &shown["messages"][0]["id"]), (200, &json!(100), &message["id"]));
    let renewed = client.ask("claim_update", json!({"queue_name": Q, "claim_id": claim, "ttl": 200})).await;
    assert_eq!(renewed.0, 204);
    let mut delete = json!({"queue_name": Q, "message_id": message["id"]});
    assert_eq!(client.ask("message_delete", delete.clone()).await.0, 403);
    delete["claim_id"] = claim.clone();
    assert_eq!(client.ask("message_delete", delete).await.0, 204);
    assert_eq!(client.ask("claim_delete", of(&claim)).await.0, 204);
    assert_eq!(client.ask("claim_get", of(&claim)).await.0, 404);
    assert_eq!(client.ask("claim_create", json!({"queue_name": Q, "ttl": 1})).await.0, 400);
}

#[tokio::test]
async fn a_subscription_whose_owner_cannot_be_asked_is_warned_of() {
    let house = House::with(|config| {
        config
            .drivers
            .insert("mailto".to_owned(), json!({"relay": "smtp://127.0.0.1:9", "from": "n@example.org"}));
    })
    .await;
    let mut client = house.client().await;
    let mail = json!({"queue_name": Q, "subscriber": "mailto:ann@example.org", "options": {"subjekt": "x"}});
    let (status, body) = client.ask("subscription_create", mail).await;
    let warnings = body["warnings"].as_array().cloned().unwrap_or_default();
    assert!(status == 201 && warnings.len() == 2, "{body}");
    assert!(warnings[0].as_str().unwrap().contains("subjekt"), "{body}");
    assert!(warnings[1].as_str().unwrap().contains("public_url"), "{body}");
    let (_, body) = client.ask("subscription_create", json!({"queue_name": Q, "subscriber": "log:"})).await;
    assert!(body["subscription_id"].is_string() && body["warnings"].is_null(), "{body}");
}

#[tokio::test]
async fn the_host_is_asked_for_its_documents_and_its_health() {
    let house = House::new().await;
    let mut client = house.client().await;
    assert_eq!(client.ask("ping_node", json!({})).await, (204, json!({})));
    assert!(client.ask("get_home_doc", json!({})).await.1["resources"].is_object());
    assert_eq!(client.ask("check_node_health", json!({})).await.0, 403);
    client.headers["X-Roles"] = json!("admin");
    assert_eq!(client.ask("check_node_health", json!({})).await.1["storage_reachable"], true);
    client.say("authenticate", &json!({})).await;
    assert_eq!(client.text().await["body"], json!({"message": "Authentified."}));
}

#[tokio::test]
async fn what_is_wrong_is_answered_and_the_connection_goes_on() {
    let house = House::new().await;
    let mut client = house.client().await;
    let error = |why: &str| (400, json!({"error": why}));
    assert_eq!(client.ask("nope", json!({})).await, error("nope is not a valid action"));
    assert_eq!(client.ask("queue_create", json!({})).await, error("Schema validation failed."));
    assert_eq!(client.ask("pool_list", json!({})).await, error("Schema validation failed."));
    for verb in ["list", "create", "update", "get", "delete"] {
        for (what, body) in
            [("pool", json!({"pool_name": "p"})), ("flavor", json!({"flavor_name": "f", "pool_name": "p"}))]
        {
            let (status, body) = client.ask(&format!("{what}_{verb}"), body).await;
            assert!(
                status == 404 && body["error"].as_str().unwrap().contains("admin_mode"),
                "{verb}: {body}"
            );
        }
    }
    let (status, body) = client.ask("queue_create", json!({"queue_name": "a b"})).await;
    assert!(status == 400 && body["exception"].is_string() && body["error"].is_string(), "{body}");
    let long = json!({"queue_name": "q", "messages": [{"body": "x".repeat(262_144)}]});
    let (status, body) = client.ask("message_post", long).await;
    assert!(status == 400 && body["error"].as_str().unwrap().contains("max_messages_post_size"), "{body}");
    for headers in [json!({}), json!({"Client-ID": "x"}), json!({"Client-ID": 1, "X-Project-ID": "p"})] {
        client.headers = headers;
        assert_eq!(client.ask("queue_list", json!({})).await, error("Schema validation failed."));
    }
    client.headers = json!({"Client-ID": "no-uuid", "X-Project-ID": "p"});
    assert_eq!(client.ask("queue_list", json!({})).await.0, 400);
    client.stream.send(Message::text("{bad")).await.unwrap();
    let answer = client.text().await;
    assert_eq!(answer["request"], json!({"action": "", "body": {}, "headers": {}, "api": "v2"}));
    client.stream.send(Message::binary(&b"\xc1"[..])).await.unwrap();
    assert!(matches!(client.frame().await, Message::Binary(_)));
}

#[tokio::test]
async fn binary_requests_have_binary_answers() {
    let house = House::new().await;
    let mut client = house.client().await;
    let request = |action: &str, body: Value| {
        let request = json!({"action": action, "headers": {"Client-ID": super::client::CLIENT, "X-Project-ID": "p"}, "body": body});
        Message::binary(rmp_serde::to_vec(&request).unwrap())
    };
    let posted = json!({"queue_name": Q, "messages": [{"body": {"é": [1, -1.5, null, true]}}]});
    for (action, body, status) in [
        ("queue_create", json!({"queue_name": Q}), 201),
        ("subscription_create", json!({"queue_name": Q}), 201),
        ("message_post", posted, 201),
    ] {
        client.stream.send(request(action, body)).await.unwrap();
        let Message::Binary(answer) = client.frame().await else { panic!("a binary frame") };
        let answer: Value = rmp_serde::from_slice(&answer).unwrap();
        assert_eq!(
            (&answer["request"]["action"], &answer["headers"]["status"]),
            (&json!(action), &json!(status))
        );
    }
    let Message::Binary(push) = client.frame().await else { panic!("a binary push") };
    let push: Value = rmp_serde::from_slice(&push).unwrap();
    assert_eq!((&push["queue_name"], &push["body"]), (&json!(Q), &json!({"é": [1, -1.5, null, true]})));
}

#[tokio::test]
async fn posts_that_are_sent_without_waiting_are_stored_and_answered_in_their_order() {
    let house = House::new().await;
    let mut client = house.client().await;
    for n in 0..200 {
        client.say("message_post", &json!({"queue_name": Q, "messages": [{"body": n}]})).await;
        if n % 50 == 49 {
            client.say("nope", &json!({"n": n})).await;
        }
    }
    client.say("queue_get_stats", &json!({"queue_name": Q})).await;
    for n in 0..200 {
        assert_eq!(client.text().await["request"]["body"]["messages"][0]["body"], n);
        if n % 50 == 49 {
            assert_eq!(client.text().await["request"]["body"]["n"], n);
        }
    }
    assert_eq!(client.text().await["body"]["messages"]["total"], 200);
    assert_eq!(all(&mut client).await, (0..200).map(Value::from).collect::<Vec<_>>());
}

/// All bodies of the queue, in their order.
async fn all(client: &mut Client) -> Vec<Value> {
    let mut bodies = Vec::new();
    loop {
        let (_, popped) = client.ask("message_delete_many", json!({"queue_name": Q, "pop": 20})).await;
        let messages = popped["messages"].as_array().unwrap();
        if messages.is_empty() {
            return bodies;
        }
        bodies.extend(messages.iter().map(|message| message["body"].clone()));
    }
}
