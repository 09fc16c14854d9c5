//! Posting and pulling.

use serde_json::json;

use super::house::House;

const MESSAGES: &str = "/v2/queues/q/messages";

#[tokio::test]
async fn a_body_comes_back_letter_by_letter() {
    let house = House::new().await;
    let body = r#"{"z": 1.10, "a": [ 1e2, "\ud83d\ude00" ]}"#;
    let posted =
        house.post(MESSAGES, json!(format!(r#"{{"messages": [{{"body": {body}}}]}}"#))).await.is(201);
    let path = posted.body["resources"][0].as_str().unwrap().to_owned();
    assert_eq!(posted.header("location"), path.replacen("messages/", "messages?ids=", 1));
    let shown = house.get(&path).await.is(200);
    assert_eq!(shown.body["body"], json!({"z": 1.1, "a": [100.0, "😀"]}));
    assert!(shown.body["ttl"] == 3600 && shown.body["href"] == path);
    let ids = house.get(&posted.header("location").to_owned()).await.is(200);
    let page = house.get(&format!("{MESSAGES}?echo=true")).await.is(200);
    let claimed = house.post("/v2/queues/q/claims", json!({})).await.is(201);
    for reply in [shown, ids, page, claimed] {
        assert!(reply.text.contains(&format!(r#""body":{body}"#)), "{}", reply.text);
    }
}

#[tokio::test]
async fn own_messages_are_hidden_and_pages_go_on() {
    let house = House::new().await;
    let bodies: Vec<_> = (0..3).map(|n| json!({"body": n})).collect();
    house.post(MESSAGES, json!({"messages": bodies})).await.is(201);
    assert_eq!(house.get(MESSAGES).await.is(200).body, json!({"messages": [], "links": []}));
    let (mut seen, mut path) = (Vec::new(), format!("{MESSAGES}?echo=true&limit=1"));
    loop {
        let page = house.get(&path).await.is(200).body;
        let Some(message) = page["messages"].get(0) else { break };
        seen.push(message["body"].as_i64().unwrap());
        path = page["links"][0]["href"].as_str().unwrap().to_owned();
    }
    assert_eq!(seen, [0, 1, 2]);
    house.get(&format!("{MESSAGES}?marker=x")).await.is(400);
}

#[tokio::test]
async fn one_bad_message_refuses_the_batch() {
    let house = House::new().await;
    let bad = house.post(MESSAGES, json!({"messages": [{"body": 1}, {"body": 2, "ttl": 1}]})).await.is(400);
    assert!(bad.why().contains("messages[1].ttl"), "{bad:?}");
    assert_eq!(house.get("/v2/queues").await.is(200).body["queues"], json!([]));
}

#[tokio::test]
async fn a_queue_may_allow_less_than_the_host() {
    let house = House::new().await;
    house.call("PUT", "/v2/queues/q", Some(json!({"_max_messages_post_size": 100}))).await.is(201);
    let large = house.post(MESSAGES, json!({"messages": [{"body": "d".repeat(100)}]})).await.is(400);
    assert!(large.why().contains("100 bytes (max_messages_post_size)"), "{large:?}");
    house.post(MESSAGES, json!({"messages": [{"body": "d"}]})).await.is(201);
}

#[tokio::test]
async fn a_repeated_post_is_taken_once() {
    let house = House::new().await;
    let key = [("idempotency-key", "k1")];
    let body = json!({"messages": [{"body": 1}]});
    let first = house.with("POST", MESSAGES, Some(body.clone()), &key).await.is(201);
    let again = house.with("POST", MESSAGES, Some(body), &key).await.is(201);
    assert_eq!(first.body, again.body);
    assert_eq!((first.header("idempotent-replay"), again.header("idempotent-replay")), ("", "true"));
    let other = json!({"messages": [{"body": 2}]});
    house.with("POST", MESSAGES, Some(other), &key).await.is(422);
    assert_eq!(house.get("/v2/queues/q/stats").await.is(200).body["messages"]["total"], 1);
}

#[tokio::test]
async fn messages_are_popped_and_deleted() {
    let house = House::new().await;
    let bodies: Vec<_> = (0..3).map(|n| json!({"body": n})).collect();
    let posted = house.post(MESSAGES, json!({"messages": bodies})).await.is(201);
    let last = posted.body["resources"][2].as_str().unwrap();
    let popped = house.call("DELETE", &format!("{MESSAGES}?pop=2"), None).await.is(200).body;
    assert_eq!(popped["messages"].as_array().unwrap().len(), 2);
    house.call("DELETE", &format!("{last}?claim_id=x"), None).await.is(400);
    house.call("DELETE", last, None).await.is(204);
    house.get(last).await.is(404);
    for bad in ["", "?pop=0", "?pop=21", "?pop=1&ids=a"] {
        house.call("DELETE", &format!("{MESSAGES}{bad}"), None).await.is(400);
    }
}
