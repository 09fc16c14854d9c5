//! Subscriptions.

use serde_json::{Value, json};

use super::house::{CLOSED, House};
use crate::config::Config;

const SUBSCRIPTIONS: &str = "/v2/queues/q/subscriptions";

async fn subscribed(house: &House, body: Value) -> String {
    let reply = house.post(SUBSCRIPTIONS, body).await.is(201);
    format!("{SUBSCRIPTIONS}/{}", reply.body["subscription_id"].as_str().unwrap())
}

#[tokio::test]
async fn a_bad_uri_is_refused_with_its_place_and_nothing_is_stored() {
    let house = House::new().await;
    for (subscriber, place) in [
        ("mailto:a@b.example,nobody", "subscriber: "),
        ("nonsense", "subscriber: scheme"),
        ("ftp://x", "no driver serves the scheme `ftp`; this host has"),
        ("htps://x", "no driver serves the scheme `htps`; did you mean `https`? this host has"),
    ] {
        let reply = house.post(SUBSCRIPTIONS, json!({"subscriber": subscriber})).await.is(400);
        assert!(reply.why().contains(place) && reply.body["title"] == "Invalid API request", "{reply:?}");
    }
    let option = json!({"subscriber": CLOSED, "options": {"post_headers": {"X-A": 1}}});
    assert!(house.post(SUBSCRIPTIONS, option).await.is(400).why().starts_with("options.post_headers"));
    assert_eq!(house.get("/v2/queues").await.is(200).body["queues"], json!([]));
}

#[tokio::test]
async fn unknown_options_are_kept_with_a_warning() {
    let house = House::new().await;
    let wish = json!({"subscriber": CLOSED, "options": {"subjcet": 1}});
    let reply = house.post(SUBSCRIPTIONS, wish).await.is(201);
    assert_eq!(reply.header("warning"), "199 - \"unknown option `subjcet`, did you mean `subject`?\"");
    let page = house.get(SUBSCRIPTIONS).await.is(200).body;
    assert_eq!(page["subscriptions"][0]["options"], json!({"subjcet": 1}));
    let later = json!({"subscriber": CLOSED, "options": {"attach": {}}});
    assert!(house.post(SUBSCRIPTIONS, later).await.is(400).why().contains("not in this version"));
}

#[tokio::test]
async fn a_secret_is_never_shown_and_outlives_a_patch_of_what_was_shown() {
    let house = House::new().await;
    let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    let wish = json!({"subscriber": CLOSED, "options": {"secret": secret, "subject": "a"}});
    let path = subscribed(&house, wish).await;
    let mut shown = house.get(&path).await.is(200).body;
    assert_eq!(shown["options"], json!({"secret": "***", "subject": "a"}));
    shown["options"]["subject"] = json!("b");
    house.call("PATCH", &path, Some(json!({"options": shown["options"]}))).await.is(204);
    assert_eq!(house.get(&path).await.is(200).body["options"], json!({"secret": "***", "subject": "b"}));
    assert!(!house.get(SUBSCRIPTIONS).await.is(200).body.to_string().contains("whsec"));
}

#[tokio::test]
async fn a_duplicate_changes_nothing_until_it_is_confirmed() {
    let house = House::new().await;
    let path = subscribed(&house, json!({"subscriber": CLOSED, "ttl": 600})).await;
    assert_eq!(subscribed(&house, json!({"subscriber": CLOSED, "ttl": 900})).await, path);
    assert_eq!(house.get(&path).await.is(200).body["ttl"], 600);
    let confirm = format!("{path}/confirm");
    house.call("PUT", &confirm, Some(json!({"confirmed": "x"}))).await.is(400);
    let reply = house.call("PUT", &confirm, Some(json!({"confirmed": true}))).await.is(204);
    assert_eq!(reply.header("location"), confirm);
    house.post(SUBSCRIPTIONS, json!({"subscriber": CLOSED})).await.is(409);
}

#[tokio::test]
async fn a_patch_moves_a_subscription_unless_another_stands_there() {
    let house = House::new().await;
    let path = subscribed(&house, json!({"subscriber": CLOSED})).await;
    subscribed(&house, json!({"subscriber": format!("{CLOSED}2")})).await;
    for (change, status) in [
        (json!({}), 400),
        (json!({"unknown": 1}), 400),
        (json!({"ttl": 0}), 400),
        (json!({"subscriber": format!("{CLOSED}2")}), 409),
        (json!({"subscriber": format!("{CLOSED}3"), "ttl": 700}), 204),
    ] {
        house.call("PATCH", &path, Some(change)).await.is(status);
    }
    let shown = house.get(&path).await.is(200).body;
    assert!(shown["subscriber"] == format!("{CLOSED}3") && shown["ttl"] == 700, "{shown}");
    house.call("DELETE", &path, None).await.is(204);
    house.call("PATCH", &path, Some(json!({"ttl": 600}))).await.is(404);
    house.get(&path.replace("/q/", "/other/")).await.is(404);
}

#[tokio::test]
async fn one_filter_too_many_is_refused_for_good_and_one_for_another_is_not() {
    let mut config = Config::default();
    config.delivery.allow_networks = vec!["127.0.0.0/8".to_owned()];
    config.queues.max_filters = 1;
    let house = House::with_config(config, None).await;
    let kind = |kind: &str| json!({"filter": {"kind": [kind]}});
    let path = subscribed(&house, json!({"subscriber": CLOSED, "options": kind("a")})).await;
    let second = json!({"subscriber": format!("{CLOSED}2"), "options": kind("b")});
    let refused = house.post(SUBSCRIPTIONS, second).await.is(400);
    assert!(refused.why().contains("queues.max_filters is reached (1)"), "{refused:?}");
    assert_eq!(refused.header("retry-after"), "");
    house.call("PATCH", &path, Some(json!({"options": kind("b")}))).await.is(204);
}
