//! API keys over the API, and what a host with authentication answers.

use serde_json::json;

use super::house::House;
use crate::{
    access::KeyWish,
    config::{Config, Metrics, Strategy},
};

async fn house() -> (House, String) {
    let mut config = Config::default();
    config.auth.strategy = Strategy::Token;
    config.http.metrics = Metrics::Admin;
    let house = House::with_config(config, None).await;
    let wish = KeyWish { project: "ops".into(), roles: vec!["admin".into()], ..KeyWish::default() };
    let admin = house.face.access.keys().create(wish).await.unwrap().text().to_string();
    (house, admin)
}

#[tokio::test]
async fn a_key_is_made_shown_once_and_revoked() {
    let (house, admin) = house().await;
    let by = [("x-auth-token", admin.as_str()), ("x-project-id", "")];
    let wish =
        json!({"project": "shop", "name": "ci", "roles": ["member"], "expires": "2099-01-01T00:00:00Z"});
    let made = house.with("POST", "/v2/keys", Some(wish), &by).await.is(201);
    let (id, token) = (made.body["id"].as_str().unwrap(), made.body["token"].as_str().unwrap());
    assert_eq!(made.header("location"), format!("/v2/keys/{id}"));
    let bearer = format!("Bearer {token}");
    let shop = [("authorization", bearer.as_str()), ("x-project-id", "")];
    house.with("GET", "/v2/queues", None, &shop).await.is(200);
    house.with("GET", "/v2/keys", None, &shop).await.is(403);
    let listed = house.with("GET", "/v2/keys?project=shop", None, &by).await.is(200).body;
    assert_eq!(listed["keys"][0]["id"], id);
    assert_eq!(listed["keys"][0]["expires"], "2099-01-01T00:00:00.000Z");
    assert!(!listed.to_string().contains(token.splitn(3, '_').nth(2).unwrap()));
    house.with("DELETE", &format!("/v2/keys/{id}"), None, &by).await.is(204);
    let refused = house.with("GET", "/v2/queues", None, &shop).await.is(401);
    assert_eq!(refused.header("www-authenticate"), "Bearer");
    house.with("DELETE", &format!("/v2/keys/{id}"), None, &by).await.is(404);
}

#[tokio::test]
async fn a_wrong_wish_is_refused_by_its_member() {
    let (house, admin) = house().await;
    let by = [("x-auth-token", admin.as_str()), ("x-project-id", "")];
    for (wish, told) in [
        (json!({"project": "p", "roles": "member"}), "roles: must be a list"),
        (json!({"project": "p"}), "roles: at least one"),
        (json!({"roles": ["member"]}), "project:"),
        (json!({"project": "p", "roles": ["member"], "rolls": 1}), "did you mean `roles`?"),
        (json!({"project": "p", "roles": ["cook"]}), "there are admin, member"),
    ] {
        let reply = house.with("POST", "/v2/keys", Some(wish), &by).await.is(400);
        assert!(reply.why().contains(told), "{reply:?}");
    }
}

#[tokio::test]
async fn metrics_can_be_closed_and_probes_stay_open() {
    let (house, admin) = house().await;
    let bare = [("client-id", ""), ("x-project-id", "")];
    house.with("GET", "/metrics", None, &bare).await.is(401);
    for path in ["/healthz", "/readyz"] {
        house.with("GET", path, None, &bare).await.is(200);
    }
    let by = [("x-auth-token", admin.as_str()), ("x-project-id", ""), ("client-id", "")];
    house.with("GET", "/metrics", None, &by).await.is(200);
    // The token is asked for before anything else.
    house.with("GET", "/v2/queues", None, &bare).await.is(401);
    house.with("GET", "/v2/queues", None, &by).await.is(400);
}
