//! Deliveries.

use serde_json::json;

use super::house::{CLOSED, House};

#[tokio::test]
async fn what_waits_for_a_disabled_driver_is_held_and_can_be_cancelled() {
    let house = House::new().await;
    let ids = house.notify(json!(["mailto:a@b.example", "log:"]), json!("hi")).await;
    house.until(&ids[1], "delivered").await;
    let held = house.until(&ids[0], "held").await;
    assert!(held["reason"].as_str().is_some_and(|why| why.contains("relay")), "{held}");
    let listed = house.get("/v2/deliveries?state=held").await.is(200).body;
    assert_eq!(listed["deliveries"][0]["id"], ids[0].as_str(), "{listed}");
    assert_eq!(house.get("/v2/deliveries?state=waiting").await.is(200).body["deliveries"], json!([]));
    let cancelled = house.call("POST", &format!("/v2/deliveries/{}/cancel", ids[0]), None).await.is(202);
    assert_eq!(cancelled.body["state"], "cancelled");
    house.until(&ids[0], "cancelled").await;
    let again = house.call("POST", &format!("/v2/deliveries/{}/cancel", ids[0]), None).await.is(409);
    assert!(again.why().contains("is cancelled"), "{again:?}");
}

#[tokio::test]
async fn a_dead_delivery_shows_its_attempts_and_is_tried_again() {
    let house = House::new().await;
    let policy = json!({"schedule": ["0s"]});
    let to = json!([{"uri": CLOSED, "options": {"retry": policy}}]);
    let ids = house.notify(to, json!("hi")).await;
    let dead = house.until(&ids[0], "dead").await;
    let failures = dead["failures"].as_array().unwrap();
    assert_eq!(failures.len(), 2, "{dead}");
    assert!(failures[0]["attempt"] == 1 && failures[0]["scope"] == "destination", "{dead}");
    assert!(failures[0]["at"].as_str().is_some_and(|at| at.ends_with('Z')), "{dead}");
    let path = format!("/v2/deliveries/{}", ids[0]);
    house.call("POST", &format!("{path}/retry"), None).await.is(202);
    let numbers = async {
        loop {
            let view = house.until(&ids[0], "dead").await;
            if view["failures"].as_array().unwrap().len() > 2 {
                return view["failures"][2]["attempt"].clone();
            }
        }
    };
    let third = tokio::time::timeout(std::time::Duration::from_secs(10), numbers).await.unwrap();
    assert_eq!(third, 3);
}

#[tokio::test]
async fn a_delivered_one_is_neither_tried_again_nor_cancelled() {
    let house = House::new().await;
    let ids = house.notify(json!("log:"), json!("hi")).await;
    house.until(&ids[0], "delivered").await;
    for verb in ["retry", "cancel"] {
        let reply = house.call("POST", &format!("/v2/deliveries/{}/{verb}", ids[0]), None).await.is(409);
        assert!(reply.why().contains("is delivered"), "{reply:?}");
    }
    let other = [("x-project-id", "other")];
    house.with("GET", &format!("/v2/deliveries/{}", ids[0]), None, &other).await.is(404);
    house.call("POST", "/v2/deliveries/nonsense/retry", None).await.is(404);
}

#[tokio::test]
async fn listings_are_paged_newest_first() {
    let house = House::new().await;
    let ids = house.notify(json!(["log:a", "log:b", "log:c"]), json!("hi")).await;
    for id in &ids {
        house.until(id, "delivered").await;
    }
    let (mut seen, mut path) = (Vec::new(), "/v2/deliveries?limit=2".to_owned());
    loop {
        let page = house.get(&path).await.is(200).body;
        seen.extend(
            page["deliveries"].as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap().to_owned()),
        );
        let Some(next) = page["links"].get(0) else { break };
        path = next["href"].as_str().unwrap().to_owned();
    }
    seen.reverse();
    assert_eq!(seen, ids);
    for bad in ["state=lost", "marker=x", "limit=0", "limit=1001", "colour=1", "subscription=x"] {
        house.get(&format!("/v2/deliveries?{bad}")).await.is(400);
    }
}
