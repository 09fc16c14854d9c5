//! Topics, and the health report.

use serde_json::json;

use super::house::{CLOSED, House};

#[tokio::test]
async fn a_topic_is_not_the_queue_of_that_name() {
    let house = House::new().await;
    let made = house.call("PUT", "/v2/topics/x", Some(json!({"a": 1}))).await.is(201);
    assert_eq!(made.header("location"), "/v2/topics/x");
    house.call("PUT", "/v2/queues/x", None).await.is(201);
    house.call("PUT", "/v2/topics/x", None).await.is(204);
    let topic = house.get("/v2/topics/x").await.is(200).body;
    assert!(topic["a"] == 1 && topic.get("_max_claim_count").is_none(), "{topic}");
    assert!(house.get("/v2/queues/x").await.is(200).body.get("a").is_none());
    house.post("/v2/topics/x/messages", json!({"messages": [{"body": 1}]})).await.is(201);
    assert_eq!(house.get("/v2/queues/x/stats").await.is(200).body["messages"]["total"], 0);
    assert_eq!(house.get("/v2/topics/x/stats").await.is(200).body["messages"]["total"], 1);
    house.call("DELETE", "/v2/queues/x", None).await.is(204);
    assert_eq!(house.get("/v2/topics/x/stats").await.is(200).body["messages"]["total"], 1);
    house.get("/v2/queues/~x").await.is(400);
}

#[tokio::test]
async fn queues_and_topics_are_listed_apart_to_their_ends() {
    let house = House::new().await;
    for name in ["a", "b", "z"] {
        house.call("PUT", &format!("/v2/queues/{name}"), None).await.is(201);
        house.call("PUT", &format!("/v2/topics/{name}"), None).await.is(201);
    }
    for kind in ["queues", "topics"] {
        let (mut seen, mut path) = (Vec::new(), format!("/v2/{kind}?limit=2&detailed=true"));
        loop {
            let page = house.get(&path).await.is(200).body;
            for one in page[kind].as_array().unwrap() {
                assert_eq!(one["href"], format!("/v2/{kind}/{}", one["name"].as_str().unwrap()));
                seen.push(one["name"].as_str().unwrap().to_owned());
            }
            let Some(next) = page["links"].get(0) else { break };
            path = next["href"].as_str().unwrap().to_owned();
        }
        assert_eq!(seen, ["a", "b", "z"], "{kind}");
        assert_eq!(house.get(&format!("/v2/{kind}?with_count=1")).await.is(200).body["count"], 3);
    }
}

#[tokio::test]
async fn a_topic_has_messages_and_subscriptions_of_its_own() {
    let house = House::new().await;
    let subscriber = json!({"subscriber": CLOSED});
    let made = house.post("/v2/topics/x/subscriptions", subscriber).await.is(201);
    assert_eq!(made.header("location"), "/v2/topics/x/subscriptions");
    let id = made.body["subscription_id"].as_str().unwrap();
    let path = format!("/v2/topics/x/subscriptions/{id}");
    assert_eq!(house.get(&path).await.is(200).body["source"], "x");
    house.get(&format!("/v2/queues/x/subscriptions/{id}")).await.is(404);
    house.call("PATCH", &path, Some(json!({"ttl": 100}))).await.is(204);
    house.call("PUT", &format!("{path}/confirm"), Some(json!({"confirmed": true}))).await.is(204);
    let posted =
        house.post("/v2/topics/x/messages", json!({"messages": [{"body": 1}, {"body": 2}]})).await.is(201);
    let message = posted.body["resources"][0].as_str().unwrap();
    assert!(message.starts_with("/v2/topics/x/messages/"), "{message}");
    assert_eq!(house.get(message).await.is(200).body["href"], message);
    let deliveries = house.get("/v2/deliveries?topic=x").await.is(200).body;
    assert!(deliveries["deliveries"][0]["topic"] == "x", "{deliveries}");
    assert_eq!(house.get("/v2/deliveries?queue=x").await.is(200).body["deliveries"], json!([]));
    assert_eq!(
        house.call("DELETE", "/v2/topics/x/messages?pop=1", None).await.is(200).body["messages"][0]["body"],
        1
    );
    house.post("/v2/topics/x/purge", json!({"resource_types": ["messages"]})).await.is(204);
    assert_eq!(house.get("/v2/topics/x/stats").await.is(200).body["messages"]["total"], 0);
    house.call("DELETE", &path, None).await.is(204);
    house.get("/v2/topics/x/claims/1").await.is(404);
}

#[tokio::test]
async fn the_health_report_is_for_admins_and_tries_everything() {
    let house = House::new().await;
    assert_eq!(house.get("/v2/health").await.is(403).body["title"], "Not authorized");
    let report = house.with("GET", "/v2/health", None, &[("x-roles", "admin")]).await.is(200).body;
    assert_eq!(report["storage_reachable"], true);
    let status = report["operation_status"].as_object().unwrap();
    assert_eq!(status.len(), 8, "{report}");
    for (operation, told) in status {
        assert!(told["succeeded"] == true && told["ref"].is_null(), "{operation}: {told}");
    }
}
