//! Web pages whose name was made to lead here.

use serde_json::json;

use super::house::House;
use crate::config::{Config, Strategy};

const PAGE: (&str, &str) = ("host", "evil.example:8888");

#[tokio::test]
async fn a_page_whose_name_leads_here_reaches_nothing_of_anybodys() {
    let house = House::new().await;
    house.call("PUT", "/v2/queues/q", None).await.is(201);
    let asked =
        [("GET", "/v2/queues"), ("DELETE", "/v2/queues/q"), ("POST", "/v2/reload"), ("GET", "/metrics")];
    for (method, path) in asked {
        let refused = house.with(method, path, None, &[PAGE]).await.is(403);
        assert!(refused.why().contains("http.allow_hosts"), "{path}: {refused:?}");
    }
    for host in ["localhost:8888", "127.0.0.1:8888", "[::1]:8888"] {
        house.with("GET", "/v2/queues/q", None, &[("host", host)]).await.is(200);
    }
}

#[tokio::test]
async fn what_brings_its_own_proof_or_is_nobodys_is_served_under_any_name() {
    let house = House::new().await;
    let shared = house.post("/v2/queues/q/share", json!({"methods": ["GET"]})).await.is(200).body;
    let one = |name: &str| match &shared[name] {
        serde_json::Value::Array(all) => {
            all.iter().map(|one| one.as_str().unwrap()).collect::<Vec<_>>().join(",")
        }
        text => text.as_str().unwrap().to_owned(),
    };
    let (signature, methods, paths, expires) =
        (one("signature"), one("methods"), one("paths"), one("expires"));
    let signed = [
        PAGE,
        ("url-signature", &signature),
        ("url-methods", &methods),
        ("url-paths", &paths),
        ("url-expires", &expires),
        ("x-project-id", "p"),
    ];
    house.with("GET", "/v2/queues/q/messages", None, &signed).await.is(200);
    for path in ["/healthz", "/v2/openapi.json"] {
        house.with("GET", path, None, &[PAGE]).await.is(200);
    }
    // Its driver decides, or is not there.
    house.with("POST", "/v2/inbound/nobody/main", None, &[PAGE]).await.is(404);
    house.with("GET", "/v2/confirm", None, &[PAGE]).await.is(404);
    let mut config = Config::default();
    config.auth.strategy = Strategy::Token;
    let proven = House::with_config(config, None).await;
    proven.with("GET", "/v2/queues", None, &[PAGE]).await.is(401);
}
