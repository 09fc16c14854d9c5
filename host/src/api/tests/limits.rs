//! What a project may take, and what it took.

use std::{collections::BTreeMap, sync::Arc};

use serde_json::{Value, json};

use super::house::House;
use crate::{config::Config, drivers::stranger::Stranger, tenants::Quota};

async fn house(quota: Quota) -> House {
    let mut config = Config::default();
    config.delivery.allow_networks = vec!["127.0.0.0/8".to_owned()];
    config.limits.quota = quota;
    config.tenants = BTreeMap::from([("rich".to_owned(), Quota::default())]);
    House::with_config(config, None).await
}

const RICH: &[(&str, &str)] = &[("x-project-id", "rich")];

fn posted(n: usize) -> Value {
    json!({"messages": vec![json!({"body": "12345678"}); n]})
}

#[tokio::test]
async fn too_many_requests_are_told_when_to_come_back() {
    let house = house(Quota { requests_per_second: 3, ..Quota::default() }).await;
    let mut statuses = Vec::new();
    for _ in 0..8 {
        let reply = house.get("/v2/queues").await;
        if reply.status == 429 {
            assert_eq!(reply.header("retry-after"), "1");
            assert!(reply.why().contains("limits.requests_per_second"), "{reply:?}");
        }
        statuses.push(reply.status);
        house.with("GET", "/v2/queues", None, RICH).await.is(200);
    }
    assert!(statuses.starts_with(&[200, 200, 200]) && statuses.contains(&429), "{statuses:?}");
}

#[tokio::test]
async fn a_large_post_is_taken_and_the_next_one_waits() {
    let house = house(Quota { messages_per_second: 10, ..Quota::default() }).await;
    house.post("/v2/queues/q/messages", posted(100)).await.is(201);
    let reply = house.post("/v2/queues/q/messages", posted(1)).await.is(429);
    assert!(reply.header("retry-after").parse::<u64>().unwrap() >= 8, "{reply:?}");
    house.with("POST", "/v2/queues/q/messages", Some(posted(100)), RICH).await.is(201);
    house.get("/v2/queues/q/messages").await.is(200);
}

#[tokio::test]
async fn a_quota_names_itself_where_it_is_reached() {
    let quota = Quota { queues: 1, subscriptions: 1, stored_messages: 3, ..Quota::default() };
    let house = house(quota).await;
    house.call("PUT", "/v2/queues/one", None).await.is(201);
    house.call("PUT", "/v2/queues/one", None).await.is(204);
    let queue = house.call("PUT", "/v2/queues/two", None).await.is(400);
    assert!(queue.why().contains("limits.queues is reached (1)"), "{queue:?}");
    // Neither is one made by the way.
    house.post("/v2/queues/two/messages", posted(1)).await.is(400);
    let wish = |n: u32| json!({"subscriber": format!("http://127.0.0.1:9/{n}")});
    house.post("/v2/queues/one/subscriptions", wish(1)).await.is(201);
    let second = house.post("/v2/queues/one/subscriptions", wish(2)).await.is(400);
    assert!(second.why().contains("limits.subscriptions"), "{second:?}");
    house.post("/v2/queues/one/messages", posted(3)).await.is(201);
    let full = house.post("/v2/queues/one/messages", posted(1)).await.is(403);
    assert_eq!(full.body["title"], "Quota exceeded");
    assert!(full.why().contains("limits.stored_messages = 3"), "{full:?}");
    for n in 0..4 {
        house.with("PUT", &format!("/v2/queues/q{n}"), None, RICH).await.is(201);
    }
}

#[tokio::test]
async fn a_reload_changes_what_a_project_may_take() {
    let stranger = Arc::new(Stranger::new());
    stranger.write("[limits]\nqueues = 1\n");
    let house = House::of(&stranger).await;
    house.call("PUT", "/v2/queues/one", None).await.is(201);
    house.call("PUT", "/v2/queues/two", None).await.is(400);
    stranger.write("[limits]\nqueues = 1\n[tenants.p]\nqueues = 2\n");
    let reloaded = house.post("/v2/reload", json!({})).await.is(200).body;
    assert_eq!(reloaded["restart"], json!([]), "{reloaded}");
    house.call("PUT", "/v2/queues/two", None).await.is(201);
    house.call("PUT", "/v2/queues/three", None).await.is(400);
}

#[tokio::test]
async fn bytes_are_counted_as_they_come() {
    let house = house(Quota { stored_bytes: 25, ..Quota::default() }).await;
    // A body is ten bytes: its quotes count.
    house.post("/v2/queues/q/messages", posted(2)).await.is(201);
    let full = house.post("/v2/queues/q/messages", posted(1)).await.is(403);
    assert!(full.why().contains("limits.stored_bytes = 25"), "{full:?}");
}

#[tokio::test]
async fn a_project_beyond_those_that_are_watched_is_not_held_to_what_another_stores() {
    let mut config = Config::default();
    config.limits.quota = Quota { stored_messages: 2, ..Quota::default() };
    config.limits.max_projects = 1;
    let house = House::with_config(config, None).await;
    let post = |project: &'static str, n: usize| {
        let (house, body) = (&house, Some(posted(n)));
        async move { house.with("POST", "/v2/queues/q/messages", body, &[("x-project-id", project)]).await.status }
    };
    assert_eq!(post("watched", 2).await, 201);
    for (project, n, status) in [("one", 2, 201), ("one", 1, 403), ("other", 2, 201), ("other", 1, 403)] {
        assert_eq!(post(project, n).await, status, "{project}");
    }
}

#[tokio::test]
async fn usage_is_shown_before_and_after_it_is_written_down() {
    let house = house(Quota::default()).await;
    let subscriber = json!({"subscriber": "log:x"});
    house.post("/v2/queues/q/subscriptions", subscriber).await.is(201);
    house.post("/v2/queues/q/messages", posted(2)).await.is(201);
    let want = json!({"messages": 2, "bytes": 20, "deliveries": 2});
    for _ in 0..2 {
        let usage = house.get("/v2/usage").await.is(200).body;
        assert_eq!(usage["total"], want);
        assert_eq!(usage["days"][0]["messages"], 2);
        assert_eq!(usage["stored"], json!({"messages": 2, "bytes": 20}));
        let other = house.with("GET", "/v2/usage", None, RICH).await.is(200).body;
        assert_eq!(other["total"]["messages"], 0);
        house.face.tenants.write().await;
    }
    house.post("/v2/queues/q/messages", posted(1)).await.is(201);
    assert_eq!(house.get("/v2/usage").await.is(200).body["total"]["messages"], 3);
}
