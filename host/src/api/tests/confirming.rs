//! Confirmation: who must agree, how that is asked, and what happens meanwhile.

use serde_json::{Value, json};

use super::house::{CLOSED, House};
use crate::config::{Config, Confirm};

const SUBSCRIPTIONS: &str = "/v2/queues/q/subscriptions";

async fn house(asks: Confirm) -> House {
    with(asks, |_| {}).await
}

async fn with(asks: Confirm, change: impl FnOnce(&mut Config)) -> House {
    let mut config = Config::default();
    config.delivery.allow_networks = vec!["127.0.0.0/8".to_owned()];
    config.http.public_url = Some("https://nuncio.example".to_owned());
    config.notification.require_confirmation = asks;
    change(&mut config);
    House::with_config(config, None).await
}

/// Subscribes and answers the path of the subscription.
async fn subscribed(house: &House, subscriber: &str) -> String {
    let reply = house.post(SUBSCRIPTIONS, json!({"subscriber": subscriber})).await.is(201);
    format!("{SUBSCRIPTIONS}/{}", reply.body["subscription_id"].as_str().unwrap())
}

/// How many deliveries there are.
async fn deliveries(house: &House) -> usize {
    house.get("/v2/deliveries").await.is(200).body["deliveries"].as_array().unwrap().len()
}

async fn post(house: &House) {
    house.post("/v2/queues/q/messages", json!({"messages": [{"body": 1}]})).await.is(201);
}

async fn confirmed(house: &House, path: &str) -> Value {
    house.get(path).await.is(200).body["confirmed"].clone()
}

#[tokio::test]
async fn who_was_asked_is_sent_nothing_else_until_the_project_confirms_a_web_address() {
    let house = house(Confirm::All).await;
    let path = subscribed(&house, CLOSED).await;
    post(&house).await;
    assert_eq!(deliveries(&house).await, 1, "the question alone");
    house.call("PUT", &format!("{path}/confirm"), Some(json!({"confirmed": true}))).await.is(204);
    assert_eq!(confirmed(&house, &path).await, true);
    house.post(SUBSCRIPTIONS, json!({"subscriber": CLOSED})).await.is(409);
    post(&house).await;
    assert_eq!(deliveries(&house).await, 2);
    house.call("PUT", &format!("{path}/confirm"), Some(json!({"confirmed": false}))).await.is(204);
    post(&house).await;
    assert_eq!(deliveries(&house).await, 3, "that it has ended, and nothing else");
}

#[tokio::test]
async fn nobody_confirms_for_the_owner_of_a_mailbox() {
    let house = house(Confirm::Mail).await;
    let path = subscribed(&house, "mailto:ann@example.org").await;
    let confirm = format!("{path}/confirm");
    let yes = json!({"confirmed": true});
    house.call("PUT", &confirm, Some(yes.clone())).await.is(403);
    // Not by a signature for all subscriptions either.
    let wish = json!({"paths": ["subscriptions"], "methods": ["PUT", "GET"]});
    let shared = house.post("/v2/queues/q/share", wish).await.is(200).body;
    let headers = [
        ("url-signature", shared["signature"].as_str().unwrap()),
        ("url-methods", "GET,PUT"),
        ("url-paths", SUBSCRIPTIONS),
        ("url-expires", shared["expires"].as_str().unwrap()),
    ];
    house.with("GET", &path, None, &headers).await.is(200);
    house.with("PUT", &confirm, Some(yes), &headers).await.is(403);
    assert_eq!(confirmed(&house, &path).await, false);
    // Web addresses need nobody's word.
    subscribed(&house, CLOSED).await;
    assert_eq!(deliveries(&house).await, 1);
    post(&house).await;
    assert_eq!(deliveries(&house).await, 2);
}

#[tokio::test]
async fn an_address_is_asked_a_few_times_in_all_projects_together() {
    let house = with(Confirm::Mail, |config| config.notification.max_confirmations = 2).await;
    for (project, queue) in [("one", "a"), ("two", "b")] {
        let path = format!("/v2/queues/{queue}/subscriptions");
        let wish = Some(json!({"subscriber": "mailto:Ann+x@example.org"}));
        house.with("POST", &path, wish, &[("x-project-id", project)]).await.is(201);
    }
    let reply = house.post(SUBSCRIPTIONS, json!({"subscriber": "mailto:ann@example.org"})).await.is(429);
    assert!(reply.why().contains("notification.max_confirmations"), "{reply:?}");
    assert!(reply.header("retry-after").parse::<u64>().unwrap() <= 3600);
    let list = house.get(SUBSCRIPTIONS).await.is(200).body;
    assert_eq!(list["subscriptions"], json!([]), "a refused wish leaves nothing behind");
    subscribed(&house, "mailto:bob@example.org").await;
}

#[tokio::test]
async fn another_address_must_agree_anew_and_the_same_one_need_not() {
    let house = house(Confirm::All).await;
    let path = subscribed(&house, CLOSED).await;
    house.call("PUT", &format!("{path}/confirm"), Some(json!({"confirmed": true}))).await.is(204);
    house.call("PATCH", &path, Some(json!({"options": {"post_data": "x"}, "ttl": 600}))).await.is(204);
    assert_eq!((confirmed(&house, &path).await, deliveries(&house).await), (json!(true), 1));
    house.call("PATCH", &path, Some(json!({"subscriber": format!("{CLOSED}2")}))).await.is(204);
    assert_eq!((confirmed(&house, &path).await, deliveries(&house).await), (json!(false), 2));
    post(&house).await;
    assert_eq!(deliveries(&house).await, 2);
}

#[tokio::test]
async fn what_waits_for_a_changed_address_is_held_until_it_agrees() {
    let house = house(Confirm::All).await;
    let path = subscribed(&house, CLOSED).await;
    house.call("PUT", &format!("{path}/confirm"), Some(json!({"confirmed": true}))).await.is(204);
    post(&house).await;
    let listed = house.get("/v2/deliveries?limit=1").await.is(200).body;
    let waiting = listed["deliveries"][0]["id"].as_str().unwrap().to_owned();
    house.call("PATCH", &path, Some(json!({"subscriber": format!("{CLOSED}2")}))).await.is(204);
    house.post(&format!("/v2/deliveries/{waiting}/retry"), json!({})).await.is(202);
    let held = house.until(&waiting, "held").await;
    assert!(held["reason"].as_str().unwrap().contains("confirmed"), "{held}");
    house.call("PUT", &format!("{path}/confirm"), Some(json!({"confirmed": true}))).await.is(204);
    house.until(&waiting, "waiting").await;
}

#[tokio::test]
async fn without_a_page_to_answer_on_a_mailbox_is_told_nothing_and_the_client_why() {
    let house = with(Confirm::Mail, |config| config.http.public_url = None).await;
    let reply = house.post(SUBSCRIPTIONS, json!({"subscriber": "mailto:ann@example.org"})).await.is(201);
    assert!(reply.header("warning").contains("public_url"), "{reply:?}");
    assert_eq!(deliveries(&house).await, 0);
    post(&house).await;
    assert_eq!(deliveries(&house).await, 0);
}

#[tokio::test]
async fn pages_of_wrong_links_say_so_and_leak_nothing() {
    let house = house(Confirm::Mail).await;
    for path in
        ["/v2/confirm", "/v2/unsubscribe", "/v2/confirm?Signature=x&Paths=/v2/queues/q&Project=%3Cb%3E"]
    {
        for method in ["GET", "POST"] {
            let reply =
                house.with(method, path, None, &[("client-id", ""), ("x-project-id", "")]).await.is(404);
            let text = reply.body.as_str().unwrap();
            assert!(text.contains("This link does not work") && !text.contains("<b>"), "{text}");
            assert!(reply.header("content-security-policy").starts_with("default-src 'none'"));
            assert_eq!(reply.header("referrer-policy"), "no-referrer");
        }
    }
}
