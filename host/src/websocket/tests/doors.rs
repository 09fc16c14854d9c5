//! Where connections come in, and who they are.

use serde_json::json;
use tokio_tungstenite::tungstenite;

use super::client::{Client, House};
use crate::{
    access::{Grant, KeyWish},
    config::Strategy,
    signed,
};

async fn refused(house: &House, headers: &[(&'static str, &str)]) -> u16 {
    match Client::try_connect(house.host.address(), headers).await.err().unwrap() {
        tungstenite::Error::Http(answer) => answer.status().as_u16(),
        other => panic!("{other}"),
    }
}

#[tokio::test]
async fn a_listener_of_its_own_takes_the_place_of_the_http_port() {
    let own = House::with(|config| config.websocket.listen = Some("127.0.0.1:0".parse().unwrap())).await;
    assert_eq!(own.client().await.ask("ping_node", json!({})).await.0, 204);
    assert_eq!(refused(&own, &[]).await, 300);
    let off = House::with(|config| config.websocket.enabled = false).await;
    assert_eq!(refused(&off, &[]).await, 300);
    let alone = House::with(|config| config.http.enabled = false).await;
    assert_eq!(alone.client().await.ask("ping_node", json!({})).await.0, 204);
}

#[tokio::test]
async fn pages_of_other_origins_do_not_connect() {
    let house = House::new().await;
    assert_eq!(refused(&house, &[("origin", "https://evil.example")]).await, 403);
    // A page whose name was made to lead here is of the same origin as what it asks for.
    let rebound = [("host", "evil.example:8888"), ("origin", "http://evil.example:8888")];
    assert_eq!(refused(&house, &rebound).await, 403);
    let own = format!("http://{}", house.host.address());
    assert!(Client::try_connect(house.host.address(), &[("origin", &own)]).await.is_ok());
}

async fn key(house: &House, project: &str, role: &str) -> (String, String) {
    let roles = vec![role.to_owned()];
    let wish = KeyWish { project: project.to_owned(), name: role.to_owned(), roles, expires: None };
    let made = house.host.face().access.keys().create(wish).await.unwrap();
    (made.row.id.clone(), made.text().to_string())
}

async fn authenticated(house: &House, project: &str, token: &str) -> Client {
    let mut client = house.client().await;
    client.headers = json!({"Client-ID": super::client::CLIENT, "X-Project-ID": project});
    assert_eq!(client.ask("queue_list", json!({})).await, (403, json!({"error": "Not authentified."})));
    let request =
        json!({"action": "authenticate", "headers": {"X-Auth-Token": token, "X-Project-ID": project}});
    futures_util::SinkExt::send(&mut client.stream, tungstenite::Message::text(request.to_string()))
        .await
        .unwrap();
    let answer = client.text().await;
    assert_eq!(answer["body"], json!({"message": "Authentified."}), "{answer}");
    assert!(!answer.to_string().contains(token), "a token is not repeated");
    client
}

async fn locked() -> House {
    House::with(|config| {
        config.auth.strategy = Strategy::Token;
        config.websocket.ping_interval = std::time::Duration::from_millis(100);
    })
    .await
}

#[tokio::test]
async fn a_connection_acts_for_its_own_project_and_until_its_token_is_revoked() {
    let house = locked().await;
    let (id, token) = key(&house, "p", "member").await;
    let mut client = authenticated(&house, "p", &token).await;
    assert_eq!(client.ask("queue_create", json!({"queue_name": "q"})).await.0, 201);
    client.headers["X-Project-ID"] = json!("other");
    assert_eq!(client.ask("queue_list", json!({})).await.0, 403);
    assert!(house.host.face().access.keys().revoke(&id).await.unwrap());
    let closed = client.closed().await;
    assert_eq!((u16::from(closed.code), closed.reason.as_str()), (4003, "Authentication expired."));
}

#[tokio::test]
async fn a_role_that_does_not_grant_an_action_is_refused_every_one() {
    let house = locked().await;
    let (_, token) = key(&house, "p", "reader").await;
    let mut client = authenticated(&house, "p", &token).await;
    for (name, action) in crate::websocket::actions() {
        let allowed = matches!(action.asks(), Grant::Read | Grant::Known);
        let body = json!({
            "queue_name": "q", "messages": [], "message_id": "m", "message_ids": ["m"], "claim_id": "c",
            "subscription_id": "s",
        });
        let (status, _) = client.ask(name, body).await;
        assert_eq!(status != 403, allowed, "{name}: {status}");
    }
}

#[tokio::test]
async fn a_signed_url_opens_what_it_names_and_nothing_else() {
    let house = locked().await;
    let (face, path) = (house.host.face(), "/v2/queues/q/messages".to_owned());
    let grant = signed::Grant::new("p", [path], ["POST".to_owned()], face.clock.now_ms() + 60_000).unwrap();
    let mut client = house.client().await;
    client.headers["URL-Signature"] = json!(face.signer.sign(&grant));
    client.headers["URL-Methods"] = json!(grant.methods());
    client.headers["URL-Paths"] = json!(grant.paths());
    client.headers["URL-Expires"] = json!(grant.expires());
    client.post("q", [json!(1)]).await;
    let of = |queue: &str| json!({"queue_name": queue, "messages": [{"body": 1}]});
    assert_eq!(client.ask("message_post", of("other")).await.0, 403);
    assert_eq!(client.ask("message_list", of("q")).await.0, 403);
    assert_eq!(client.ask("queue_list", json!({})).await.0, 403);
    client.headers["X-Project-ID"] = json!("other");
    assert_eq!(client.ask("message_post", of("q")).await.0, 403);
}

#[tokio::test]
async fn connections_on_which_nobody_is_let_in_are_few_and_end_soon() {
    let house = House::with(|config| {
        config.auth.strategy = Strategy::Token;
        config.websocket.max_unauthenticated = 2;
        config.websocket.login_timeout = std::time::Duration::from_secs(1);
    })
    .await;
    let (_, token) = key(&house, "p", "member").await;
    let mut known = authenticated(&house, "p", &token).await;
    let (mut first, mut second) = (house.client().await, house.client().await);
    // To be answered is not to be let in.
    assert_eq!(first.ask("queue_list", json!({})).await.0, 403);
    let mut third = house.client().await;
    let closed = first.closed().await;
    assert!(closed.reason.contains("websocket.max_unauthenticated"), "{closed}");
    for stranger in [&mut second, &mut third] {
        let closed = stranger.closed().await;
        assert!(closed.reason.contains("websocket.login_timeout"), "{closed}");
    }
    assert_eq!(known.ask("queue_list", json!({})).await.0, 200);
}

#[tokio::test]
async fn a_project_has_so_many_connections_and_others_have_theirs() {
    let house = House::with(|config| config.limits.quota.websocket_connections = 1).await;
    let (mut first, mut second) = (house.client().await, house.client().await);
    assert_eq!(first.ask("ping_node", json!({})).await.0, 204);
    let (status, body) = second.ask("ping_node", json!({})).await;
    let why = body["error"].as_str().unwrap();
    assert!(status == 403 && why.contains("limits.websocket_connections = 1"), "{body}");
    let mut other = house.client().await;
    other.headers["X-Project-ID"] = json!("other");
    assert_eq!(other.ask("ping_node", json!({})).await.0, 204);
    assert_eq!(first.ask("ping_node", json!({})).await.0, 204);
    drop(first);
    while second.ask("ping_node", json!({})).await.0 != 204 {
        tokio::task::yield_now().await;
    }
}
