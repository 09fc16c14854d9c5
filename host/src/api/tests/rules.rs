//! What every request meets first.

use serde_json::json;

use super::house::House;

#[tokio::test]
async fn headers_are_asked_for_in_zaqars_order() {
    let house = House::new().await;
    for (headers, title) in [
        (
            vec![("content-type", "application/x-www-form-urlencoded"), ("content-length", "2")],
            "Invalid Content-Type",
        ),
        (vec![("client-id", ""), ("x-project-id", "")], "Missing header value"),
        (vec![("client-id", "x")], "Wrong UUID value"),
        (vec![("x-project-id", "")], "Project-Id Missing"),
    ] {
        let reply = house.with("PUT", "/v2/queues/a@b", Some(json!({})), &headers).await.is(400);
        assert_eq!(reply.body["title"], title);
        assert!(reply.header("x-openstack-request-id").starts_with("req-"));
    }
    for bad in ["/v2/queues/a@b", "/v2/queues/a%20b", "/v2/queues/%ff", "/v2/queues/%C3%A9/stats"] {
        let reply = house.get(bad).await.is(400);
        assert_eq!(reply.body["title"], "Invalid queue identification", "{bad}");
    }
}

#[tokio::test]
async fn additions_ask_for_no_client_id_and_probes_for_nothing() {
    let house = House::new().await;
    house.with("GET", "/v2/deliveries", None, &[("client-id", "")]).await.is(200);
    house.with("GET", "/v2/deliveries", None, &[("x-project-id", "")]).await.is(400);
    let bare = [("client-id", ""), ("x-project-id", "")];
    for path in ["/healthz", "/metrics", "/readyz"] {
        house.with("GET", path, None, &bare).await.is(200);
    }
    house.with("GET", "/", None, &bare).await.is(300);
}

#[tokio::test]
async fn what_is_not_there_says_so() {
    let house = House::new().await;
    assert_eq!(house.get("/v2/nonexistent").await.is(404).body, json!({"title": "404 Not Found"}));
    for path in ["/v2/pools", "/v2/flavors/f"] {
        assert_eq!(house.get(path).await.is(404).body, json!({"title": "404 Not Found"}), "{path}");
    }
    let reply = house.post("/v2/queues/q", json!({})).await.is(405);
    let allow = reply.header("allow");
    assert!(["GET", "PUT", "PATCH", "DELETE"].iter().all(|method| allow.contains(method)), "{allow}");
    assert_eq!(reply.body["title"], "405 Method Not Allowed");
}

#[tokio::test]
async fn mail_without_a_relay_is_degraded_and_listed() {
    let house = House::new().await;
    let degraded = house.get("/readyz").await.is(200).body;
    assert!(degraded["ready"] == true && degraded["degraded"].to_string().contains("mailto"), "{degraded}");
    let drivers = house.get("/v2/drivers").await.is(200).body;
    let list = drivers["drivers"].as_array().unwrap();
    let mail = list.iter().find(|one| one["name"] == "mailto").unwrap();
    assert!(mail["disabled"].is_string() && mail["origin"] == "linked", "{mail}");
}
