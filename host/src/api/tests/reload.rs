//! Changed settings of a running host.

use std::sync::Arc;

use serde_json::json;

use super::house::House;
use crate::drivers::stranger::Stranger;

#[tokio::test]
async fn drivers_come_change_and_go_without_losing_a_delivery() {
    let stranger = Arc::new(Stranger::new());
    stranger.write("");
    let house = House::of(&stranger).await;
    house.post("/v2/notifications", json!({"to": ["scribe:x"], "content": "a"})).await.is(400);

    let exec = stranger.exec("scribe", &["scribe"]);
    stranger.write(&exec);
    let reloaded = house.post("/v2/reload", json!({})).await.is(200).body;
    assert_eq!(reloaded["applied"], json!([{"change": "added", "driver": "scribe"}]));
    let ids = house.notify(json!(["scribe:x"]), json!("b")).await;
    house.until(&ids[0], "delivered").await;

    stranger.write(&format!("{exec}[drivers.scribe]\nmood = \"stern\"\n[delivery]\nmax_in_flight = 77\n"));
    let reloaded = house.post("/v2/reload", json!({})).await.is(200).body;
    assert_eq!(reloaded["applied"], json!([{"change": "replaced", "driver": "scribe"}]));
    assert_eq!(reloaded["restart"], json!(["delivery.max_in_flight"]));
    let ids = house.notify(json!(["scribe:x"]), json!("c")).await;
    house.until(&ids[0], "delivered").await;

    let subscriber = json!({"subscriber": "scribe:x"});
    house.post("/v2/queues/q/subscriptions", subscriber).await.is(201);
    stranger.write("");
    let reloaded = house.post("/v2/reload", json!({})).await.is(200).body;
    assert_eq!(reloaded["applied"], json!([{"change": "retired", "driver": "scribe"}]));
    house.post("/v2/queues/q/messages", json!({"messages": [{"body": "d"}]})).await.is(201);
    let held = house.get("/v2/deliveries?state=held").await.is(200).body;
    let id = held["deliveries"][0]["id"].as_str().unwrap().to_owned();
    assert!(
        held["deliveries"][0]["reason"].as_str().unwrap().contains("`scribe` is not in this host"),
        "{held}"
    );

    stranger.write(&exec);
    house.post("/v2/reload", json!({})).await.is(200);
    house.until(&id, "delivered").await;
}

#[tokio::test]
async fn a_bad_file_and_refused_settings_keep_what_there_is_and_say_why() {
    let stranger = Arc::new(Stranger::new());
    let exec = stranger.exec("scribe", &["scribe"]);
    stranger.write(&exec);
    let house = House::of(&stranger).await;
    for (text, why) in [
        (format!("{exec}[delivry]\na = 1"), "did you mean `delivery`?"),
        (format!("{exec}[drivers.scrib]\na = 1"), "did you mean `scribe`?"),
        (format!("{exec}[schemes]\nlog = \"nobody\""), "`nobody` serves no scheme `log`"),
        (
            "[notification]\nsubscriber_types = [\"scribe\"]".to_owned(),
            "no driver in this host serves `scribe`",
        ),
    ] {
        stranger.write(&text);
        let reply = house.post("/v2/reload", json!({})).await.is(400);
        assert!(reply.why().contains(why), "{reply:?}");
    }
    stranger.write(&format!("{exec}[drivers.scribe]\nmood = \"refuse\""));
    let reloaded = house.post("/v2/reload", json!({})).await.is(200).body;
    assert!(reloaded["kept"][0].as_str().unwrap().contains("no such mood"), "{reloaded}");
    let ids = house.notify(json!(["scribe:x"]), json!("still here")).await;
    house.until(&ids[0], "delivered").await;
}

#[tokio::test]
async fn a_driver_that_is_refused_is_listed_and_degrades_the_host() {
    let stranger = Arc::new(Stranger::new());
    stranger.write("[[exec]]\nname = \"gone\"\ncommand = [\"/nowhere/gone\"]");
    let house = House::of(&stranger).await;
    let drivers = house.get("/v2/drivers").await.is(200).body;
    let gone = drivers["drivers"].as_array().unwrap().iter().find(|one| one["name"] == "gone").unwrap();
    assert_eq!(
        (&gone["state"], &gone["origin"], &gone["command"]),
        (&json!("refused"), &json!("exec"), &json!("/nowhere/gone"))
    );
    let ready = house.get("/readyz").await.is(200).body;
    let degraded = ready["degraded"].as_array().unwrap();
    let gone = degraded.iter().find(|one| one["part"] == "driver gone (exec)").unwrap();
    assert!(gone["reason"].as_str().unwrap().contains("was refused: "), "{gone}");
}

#[tokio::test]
async fn a_host_without_a_configuration_to_read_again_says_so() {
    let house = House::new().await;
    let reply = house.post("/v2/reload", json!({})).await.is(409);
    assert!(reply.why().contains("without a configuration"), "{reply:?}");
}
