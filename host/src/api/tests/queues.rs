//! Queues.

use serde_json::json;

use super::house::House;

const PATCH: [(&str, &str); 1] = [("content-type", "application/openstack-messaging-v2.0-json-patch")];

#[tokio::test]
async fn a_queue_is_made_once_and_keeps_its_metadata() {
    let house = House::new().await;
    let reply = house.call("PUT", "/v2/queues/q", Some(json!({"a": 1}))).await.is(201);
    assert_eq!(reply.header("location"), "/v2/queues/q");
    house.call("PUT", "/v2/queues/q", Some(json!({"a": 2}))).await.is(204);
    let shown = house.get("/v2/queues/q").await.is(200).body;
    assert!(shown["a"] == 1 && shown["_default_message_ttl"] == 3600, "{shown}");
    house.call("DELETE", "/v2/queues/q", None).await.is(204);
    assert_eq!(house.get("/v2/queues").await.is(200).body, json!({"queues": [], "links": []}));
}

#[tokio::test]
async fn a_patch_changes_metadata_and_its_errors_have_zaqars_titles() {
    let house = House::new().await;
    house.call("PUT", "/v2/queues/q", None).await.is(201);
    let set = json!([{"op": "add", "path": "/metadata/_default_message_ttl", "value": 100}]);
    let reply = house.with("PATCH", "/v2/queues/q", Some(set.clone()), &PATCH).await.is(200);
    assert_eq!(reply.body["_default_message_ttl"], 100);
    let bad = json!([{"op": "add", "path": "/metadata/_default_message_ttl", "value": 1}]);
    let reply = house.with("PATCH", "/v2/queues/q", Some(bad), &PATCH).await.is(400);
    assert_eq!(reply.body["title"], "Invalid request body");
    house.with("PATCH", "/v2/queues/absent", Some(set.clone()), &PATCH).await.is(404);
    house.with("PATCH", "/v2/queues/q", None, &PATCH).await.is(400);
    house.call("PATCH", "/v2/queues/q", Some(set)).await.is(415);
    let gone = json!([{"op": "remove", "path": "/metadata/zz"}]);
    house.with("PATCH", "/v2/queues/q", Some(gone), &PATCH).await.is(409);
}

#[tokio::test]
async fn pages_are_followed_by_their_links_and_filtered() {
    let house = House::new().await;
    for name in ["a1", "a2", "b1"] {
        house.call("PUT", &format!("/v2/queues/{name}"), Some(json!({"n": name}))).await.is(201);
    }
    let (mut seen, mut path) = (Vec::new(), "/v2/queues?limit=1&name=1&with_count=true".to_owned());
    loop {
        let page = house.get(&path).await.is(200).body;
        assert_eq!(page["count"], 2);
        let Some(queue) = page["queues"].get(0) else { break };
        seen.push(queue["name"].as_str().unwrap().to_owned());
        path = page["links"][0]["href"].as_str().unwrap().to_owned();
    }
    assert_eq!(seen, ["a1", "b1"]);
    let one = house.get("/v2/queues?n=a2").await.is(200).body;
    assert_eq!(one["queues"], json!([{"name": "a2", "href": "/v2/queues/a2"}]));
    assert_eq!(house.get("/v2/queues?limit=x").await.is(400).body["title"], "Invalid parameter");
}

#[tokio::test]
async fn a_purge_takes_what_it_names() {
    let house = House::new().await;
    let subscriber = json!({"subscriber": "http://127.0.0.1:9/"});
    house.post("/v2/queues/q/subscriptions", subscriber).await.is(201);
    house.post("/v2/queues/q/messages", json!({"messages": [{"body": 1}]})).await.is(201);
    house.post("/v2/queues/q/purge", json!({"resource_types": ["messages"]})).await.is(204);
    assert_eq!(house.get("/v2/queues/q/stats").await.is(200).body["messages"]["total"], 0);
    let page = house.get("/v2/queues/q/subscriptions").await.is(200).body;
    assert_eq!(page["subscriptions"].as_array().unwrap().len(), 1);
    house.call("POST", "/v2/queues/q/purge", None).await.is(204);
    let page = house.get("/v2/queues/q/subscriptions").await.is(200).body;
    assert_eq!(page["subscriptions"], json!([]));
}
