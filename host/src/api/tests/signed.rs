//! Pre-signed URLs: what they open and what they do not.

use serde_json::{Value, json};

use super::house::{House, Reply};

const MESSAGES: &str = "/v2/queues/q/messages";

/// The headers of what a share answered.
fn headers(shared: &Value) -> Vec<(&'static str, String)> {
    let joined = |name: &str| {
        let texts = shared[name].as_array().unwrap().iter().map(|one| one.as_str().unwrap());
        texts.collect::<Vec<_>>().join(",")
    };
    vec![
        ("url-signature", shared["signature"].as_str().unwrap().to_owned()),
        ("url-methods", joined("methods")),
        ("url-paths", joined("paths")),
        ("url-expires", shared["expires"].as_str().unwrap().to_owned()),
        ("x-project-id", shared["project"].as_str().unwrap().to_owned()),
    ]
}

async fn shared(house: &House, wish: Value) -> Vec<(&'static str, String)> {
    headers(&house.post("/v2/queues/q/share", wish).await.is(200).body)
}

async fn with(house: &House, method: &str, path: &str, headers: &[(&'static str, String)]) -> Reply {
    let headers: Vec<_> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let body = (method == "POST").then(|| json!({"messages": [{"body": 1}]}));
    house.with(method, path, body, &headers).await
}

/// `headers` with another value of `name`; an empty one is sent as it is.
fn changed(headers: &[(&'static str, String)], name: &str, value: &str) -> Vec<(&'static str, String)> {
    let change = |(one, old): &(&'static str, String)| {
        (*one, if *one == name { value.to_owned() } else { old.clone() })
    };
    headers.iter().map(change).collect()
}

#[tokio::test]
async fn a_signature_opens_what_it_names_and_what_is_below() {
    let house = House::new().await;
    let both = shared(&house, json!({"methods": ["GET", "POST"]})).await;
    let posted = with(&house, "POST", MESSAGES, &both).await.is(201).body;
    let message = posted["resources"][0].as_str().unwrap();
    with(&house, "GET", message, &both).await.is(200);
    for (method, path) in [
        ("DELETE", message),
        ("GET", "/v2/queues/q/subscriptions"),
        ("GET", "/v2/queues/q"),
        ("GET", "/v2/queues/other/messages"),
        ("GET", "/v2/queues/q/messages2"),
        ("GET", "/v2/deliveries"),
        ("POST", "/v2/notifications"),
    ] {
        let reply = with(&house, method, path, &both).await.is(404);
        assert_eq!(reply.body, json!({"title": "404 Not Found"}), "{method} {path}");
    }
}

#[tokio::test]
async fn whatever_is_wrong_with_a_signature_is_a_bare_404() {
    let house = House::new().await;
    let good = shared(&house, json!({})).await;
    with(&house, "GET", MESSAGES, &good).await.is(200);
    for (name, value) in [
        ("url-signature", " "),
        ("url-signature", "x"),
        ("url-methods", "GET,DELETE"),
        ("url-paths", "/v2/queues/q"),
        ("url-expires", "2037-01-01T00:00:00"),
        ("x-project-id", "other"),
    ] {
        let reply = with(&house, "GET", MESSAGES, &changed(&good, name, value)).await.is(404);
        assert_eq!(reply.body, json!({"title": "404 Not Found"}), "{name}");
    }
    for missing in ["url-methods", "url-paths", "url-expires", "x-project-id"] {
        with(&house, "GET", MESSAGES, &changed(&good, missing, "")).await.is(404);
    }
    let twice: Vec<_> = good.iter().chain(&good).cloned().collect();
    with(&house, "GET", MESSAGES, &twice).await.is(404);
}
