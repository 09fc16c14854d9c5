//! Claiming.

use serde_json::{Value, json};

use super::house::House;
use crate::config::Config;

const CLAIMS: &str = "/v2/queues/q/claims";
const MESSAGES: &str = "/v2/queues/q/messages";

async fn posted(house: &House, count: usize) -> Vec<String> {
    let bodies: Vec<_> = (0..count).map(|n| json!({"body": n})).collect();
    let reply = house.post(MESSAGES, json!({"messages": bodies})).await.is(201);
    let paths = reply.body["resources"].as_array().unwrap();
    paths.iter().map(|path| path.as_str().unwrap().to_owned()).collect()
}

async fn claimed(house: &House, limit: u32) -> (String, Vec<Value>) {
    let reply =
        house.post(&format!("{CLAIMS}?limit={limit}"), json!({"ttl": 100, "grace": 60})).await.is(201);
    let messages = reply.body["messages"].as_array().unwrap().clone();
    (reply.header("location").to_owned(), messages)
}

#[tokio::test]
async fn what_is_claimed_bears_its_claim_wherever_it_is_shown() {
    let house = House::new().await;
    house.call("POST", CLAIMS, None).await.is(204);
    let paths = posted(&house, 2).await;
    let (claim, messages) = claimed(&house, 1).await;
    let id = claim.strip_prefix("/v2/queues/q/claims/").unwrap();
    let href = json!(format!("{}?claim_id={id}", paths[0]));
    assert_eq!((&messages[0]["href"], messages.len()), (&href, 1));
    assert_eq!(house.get(&paths[0]).await.is(200).body["href"], href);
    let shown = house.get(&claim).await.is(200).body;
    assert!(shown["ttl"] == 100 && shown["href"] == json!(claim) && shown["messages"][0]["href"] == href);
    let listed = house.get(&format!("{MESSAGES}?echo=true&include_claimed=true")).await.is(200).body;
    assert_eq!((&listed["messages"][0]["href"], &listed["messages"][1]["href"]), (&href, &json!(paths[1])));
    let stats = house.get("/v2/queues/q/stats").await.is(200).body;
    assert_eq!((&stats["messages"]["claimed"], &stats["messages"]["free"]), (&json!(1), &json!(1)));
}

#[tokio::test]
async fn a_claim_is_renewed_and_released() {
    let house = House::new().await;
    posted(&house, 1).await;
    let (claim, _) = claimed(&house, 1).await;
    house.call("PATCH", &claim, Some(json!({"ttl": 500}))).await.is(204);
    assert_eq!(house.get(&claim).await.is(200).body["ttl"], 500);
    let low = house.call("PATCH", &claim, Some(json!({"ttl": 59}))).await.is(400);
    assert!(low.why().contains("max_claim_ttl") && low.body["title"] == "Invalid API request", "{low:?}");
    assert_eq!(house.call("PATCH", &claim, None).await.is(400).body["title"], "Invalid request body");
    for _ in 0..2 {
        house.call("DELETE", &claim, None).await.is(204);
    }
    house.get(&claim).await.is(404);
    house.call("PATCH", &claim, Some(json!({}))).await.is(404);
    claimed(&house, 1).await;
}

#[tokio::test]
async fn a_claim_of_another_project_or_queue_is_not_there() {
    let house = House::new().await;
    posted(&house, 1).await;
    let (claim, _) = claimed(&house, 1).await;
    let elsewhere = claim.replace("/q/", "/r/");
    let rival = [("x-project-id", "rival")];
    for (path, headers) in [(&elsewhere, &[][..]), (&claim, &rival[..])] {
        house.with("GET", path, None, headers).await.is(404);
        house.with("PATCH", path, Some(json!({"ttl": 60})), headers).await.is(404);
        house.with("DELETE", path, None, headers).await.is(204);
    }
    house.get(&claim).await.is(200);
    house.get(&format!("{CLAIMS}/3381af92-2b9e-11e3-b191-71861300734c")).await.is(404);
}

#[tokio::test]
async fn who_deletes_a_claimed_message_must_hold_it() {
    let house = House::new().await;
    let paths = posted(&house, 3).await;
    let (one, _) = claimed(&house, 1).await;
    let (two, _) = claimed(&house, 1).await;
    let id = |claim: &str| claim.rsplit('/').next().unwrap().to_owned();
    for (path, status) in [
        (paths[0].clone(), 403),
        (format!("{}?claim_id={}", paths[0], id(&two)), 403),
        (format!("{}?claim_id=junk", paths[0]), 400),
        (format!("{}?claim_id={}", paths[2], id(&one)), 400),
    ] {
        let refused = house.call("DELETE", &path, None).await.is(status);
        assert_eq!(refused.body["title"], "Unable to delete", "{path}");
    }
    house.call("DELETE", &format!("{}?claim_id={}", paths[0], id(&one)), None).await.is(204);
    house.get(&paths[0]).await.is(404);
    let second = paths[1].rsplit('/').next().unwrap();
    house.call("DELETE", &format!("{MESSAGES}?ids={second}"), None).await.is(204);
    house.get(&paths[1]).await.is(404);
}

#[tokio::test]
async fn many_are_deleted_with_their_claims_where_the_host_asks_for_them() {
    let mut config = Config::default();
    config.queues.message_delete_with_claim_id = true;
    let house = House::with_config(config, None).await;
    let paths = posted(&house, 2).await;
    let (claim, _) = claimed(&house, 1).await;
    let claim = claim.rsplit('/').next().unwrap();
    let ids: Vec<_> = paths.iter().map(|path| path.rsplit('/').next().unwrap()).collect();
    let without = house.call("DELETE", &format!("{MESSAGES}?ids={}", ids[0]), None).await.is(400);
    assert!(without.why().contains("claim_ids"), "{without:?}");
    let both = format!("{MESSAGES}?ids={}&claim_ids={claim}", ids.join(","));
    house.call("DELETE", &both, None).await.is(400);
    house.get(&paths[0]).await.is(200);
    house.call("DELETE", &format!("{MESSAGES}?ids={}&claim_ids={claim}", ids[0]), None).await.is(204);
    house.get(&paths[0]).await.is(404);
}

#[tokio::test]
async fn what_is_popped_says_how_often_it_was_claimed() {
    let house = House::new().await;
    posted(&house, 1).await;
    let (claim, _) = claimed(&house, 1).await;
    house.call("DELETE", &claim, None).await.is(204);
    let popped = house.call("DELETE", &format!("{MESSAGES}?pop=1"), None).await.is(200).body;
    let message = &popped["messages"][0];
    assert_eq!((&message["claim_count"], &message["claim_id"]), (&json!(1), &Value::Null));
    assert!(message.get("href").is_none(), "{message}");
}

#[tokio::test]
async fn a_queue_names_where_messages_go_that_are_claimed_too_often() {
    let house = House::new().await;
    let letters = json!({"_max_claim_count": 1, "_dead_letter_queue": "dead"});
    house.call("PUT", "/v2/queues/q", Some(letters)).await.is(201);
    posted(&house, 1).await;
    let (claim, _) = claimed(&house, 1).await;
    house.call("DELETE", &claim, None).await.is(204);
    house.call("POST", CLAIMS, None).await.is(204);
    let dead = house.get("/v2/queues/dead/messages?echo=true&include_claimed=true").await.is(200).body;
    assert_eq!(dead["messages"][0]["body"], 0);
    assert_eq!(house.get("/v2/queues/q/stats").await.is(200).body["messages"]["total"], 0);
}

#[tokio::test]
async fn messages_are_shown_with_zaqars_checksum_where_it_is_on() {
    let mut config = Config::default();
    config.queues.enable_checksum = true;
    let house = House::with_config(config, None).await;
    house.post(MESSAGES, json!({"messages": [{"body": "hello"}]})).await.is(201);
    let page = house.get(&format!("{MESSAGES}?echo=true")).await.is(200).body;
    assert_eq!(page["messages"][0]["checksum"], "MD5:5deaee1c1332199e5b5bc7c5e4f7f0c2");
}
