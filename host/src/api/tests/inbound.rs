//! What the far side sends to a driver.

use std::sync::Arc;

use serde_json::json;

use super::house::House;
use crate::drivers::stranger::Stranger;

/// The headers of somebody who knows nothing of projects.
const BARE: [(&str, &str); 3] = [("client-id", ""), ("x-project-id", ""), ("content-type", "text/plain")];

#[tokio::test]
async fn a_request_reaches_its_driver_and_the_driver_answers() {
    let stranger = Arc::new(Stranger::new());
    stranger.write(&stranger.exec("scribe", &["scribe"]));
    let house = House::of(&stranger).await;
    for path in
        ["/v2/inbound/scribe/default", "/v2/inbound/scribe/default/", "/v2/inbound/scribe/default/a/b?c=d"]
    {
        let reply = house.with("POST", path, Some(json!("it arrived")), &BARE).await.is(202);
        assert_eq!(
            (reply.body, reply.headers["content-type"].to_str().unwrap()),
            (json!("thanks"), "text/plain")
        );
    }
    house.with("GET", "/v2/inbound/scribe/default", None, &BARE).await.is(202);
    house.with("DELETE", "/v2/inbound/scribe/default", None, &BARE).await.is(405);
}

#[tokio::test]
async fn a_receipt_is_shown_with_its_delivery() {
    let stranger = Arc::new(Stranger::new());
    stranger.write(&stranger.exec("scribe", &["scribe"]));
    let house = House::of(&stranger).await;
    let sent = house.notify(json!(["scribe:ann"]), json!("hello")).await;
    let delivered = house.until(&sent[0], "delivered").await;
    assert!(delivered["provider_id"] == "7" && delivered["receipt"].is_null(), "{delivered}");
    house.with("POST", "/v2/inbound/scribe/default", Some(json!("it arrived")), &BARE).await.is(202);
    // It was written down before the far side was answered.
    let shown = house.get(&format!("/v2/deliveries/{}", sent[0])).await.is(200).body;
    assert_eq!((&shown["state"], &shown["receipt"]["outcome"]), (&json!("delivered"), &json!("delivered")));
    assert!(shown["receipt"]["at"].is_string(), "{shown}");
}

#[tokio::test]
async fn who_takes_no_requests_is_said() {
    let stranger = Arc::new(Stranger::new());
    stranger.write(&stranger.exec("scribe", &["scribe"]));
    let house = House::of(&stranger).await;
    for (path, why) in [
        ("/v2/inbound/nobody/default", "No driver is called `nobody`"),
        ("/v2/inbound/log/default", "The driver `log` takes no requests"),
        ("/v2/inbound/scribe/second", "there is no account of that name"),
    ] {
        let reply = house.with("POST", path, Some(json!({})), &BARE).await.is(404);
        assert!(reply.why().contains(why), "{reply:?}");
    }
    house.with("POST", "/v2/inbound/scribe/third", Some(json!({})), &BARE).await.is(202);
    let large = json!("x".repeat((1 << 20) + 1));
    let reply = house.with("POST", "/v2/inbound/scribe/default", Some(large), &BARE).await.is(400);
    assert!(reply.why().contains("[http] max_inbound_body"), "{reply:?}");
}
