//! Replaying and cancelling by filter.

use serde_json::{Value, json};

use super::house::{CLOSED, House};

/// Sends `count` notifications that die, and answers their ids.
async fn buried(house: &House, count: usize) -> Vec<String> {
    let to = json!([{"uri": CLOSED, "options": {"retry": {"schedule": []}}}]);
    let mut ids = Vec::new();
    for _ in 0..count {
        ids.extend(house.notify(to.clone(), json!("hi")).await);
    }
    for id in &ids {
        house.until(id, "dead").await;
    }
    ids
}

/// Asks for a job until it has ended.
async fn ended(house: &House, job: &Value) -> Value {
    let mut last = job.clone();
    let asked = async {
        while last["state"] == "running" {
            last = house.get(job["href"].as_str().unwrap()).await.is(200).body;
        }
    };
    let in_time = tokio::time::timeout(std::time::Duration::from_secs(10), asked).await;
    assert!(in_time.is_ok(), "it runs for ever: {last}");
    last
}

/// Unix seconds of a day ahead.
fn tomorrow() -> i64 {
    nuncio_core::Clock::now_ms(&crate::clock::System) / 1000 + 86_400
}

#[tokio::test]
async fn a_replay_is_a_job_that_can_be_followed() {
    let house = House::new().await;
    let ids = buried(&house, 3).await;
    let filter = json!({"driver": "http", "to": "2999-01-01T00:00:00Z"});
    let dry = json!({"driver": "http", "dry_run": true});
    let counted = house.post("/v2/deliveries/replay", dry).await.is(200).body;
    assert_eq!((&counted["matched"], &counted["dry_run"]), (&json!(3), &json!(true)));
    assert!(house.get("/v2/jobs").await.is(200).body["jobs"].as_array().unwrap().is_empty());
    let reply = house.post("/v2/deliveries/replay", filter).await.is(202);
    assert_eq!(reply.header("location"), reply.body["href"].as_str().unwrap());
    assert_eq!(reply.body["total"], 3, "{reply:?}");
    let job = ended(&house, &reply.body).await;
    assert_eq!((&job["state"], &job["done"], &job["skipped"]), (&json!("finished"), &json!(3), &json!(0)));
    assert_eq!(job["filter"], json!({"driver": "http", "to": "2999-01-01T00:00:00.000Z"}));
    assert!(job["ended"].is_string(), "{job}");
    for id in &ids {
        let again =
            async { while house.until(id, "dead").await["failures"].as_array().unwrap().len() < 2 {} };
        tokio::time::timeout(std::time::Duration::from_secs(10), again).await.unwrap();
    }
    let listed = house.get("/v2/jobs?limit=1").await.is(200).body;
    assert_eq!((&listed["jobs"][0]["id"], &listed["links"]), (&job["id"], &json!([])));
}

#[tokio::test]
async fn what_is_scheduled_or_held_is_cancelled_by_filter() {
    let house = House::new().await;
    let held = house.notify(json!("mailto:a@b.example"), json!("hi")).await;
    let mut later = Vec::new();
    for _ in 0..2 {
        let body = json!({"to": "log:", "content": "hi", "deliver_at": tomorrow()});
        let reply = house.post("/v2/notifications", body).await.is(202);
        later.push(reply.body["deliveries"][0]["id"].as_str().unwrap().to_owned());
    }
    let of_log = json!({"driver": "log", "state": "held"});
    let job = house.post("/v2/deliveries/cancel", of_log).await.is(202).body;
    let job = ended(&house, &job).await;
    assert_eq!((&job["done"], &job["in_flight"]), (&json!(2), &json!(0)), "{job}");
    for id in &later {
        house.until(id, "cancelled").await;
    }
    house.until(&held[0], "held").await;
    let all = house.post("/v2/deliveries/cancel", json!({"all": true, "state": "held"})).await.is(202).body;
    assert_eq!(ended(&house, &all).await["done"], 1);
    house.until(&held[0], "cancelled").await;
}

#[tokio::test]
async fn a_filter_must_say_what_it_wants() {
    let house = House::new().await;
    let empty = house.post("/v2/deliveries/replay", json!({})).await.is(400);
    assert!(empty.why().contains("\"all\": true"), "{empty:?}");
    let slip = house.post("/v2/deliveries/cancel", json!({"quue": "q"})).await.is(400);
    assert!(slip.why().contains("did you mean `queue`"), "{slip:?}");
    house.get("/v2/deliveries/replay").await.is(405);
    house.get("/v2/jobs?state=running").await.is(400);
    house.get("/v2/jobs?marker=x").await.is(400);
}

#[tokio::test]
async fn a_job_belongs_to_its_project_and_begins_once_for_a_key() {
    let house = House::new().await;
    let key = [("idempotency-key", "k")];
    let body = || Some(json!({"all": true}));
    let first = house.with("POST", "/v2/deliveries/replay", body(), &key).await.is(202);
    let again = house.with("POST", "/v2/deliveries/replay", body(), &key).await.is(202);
    assert_eq!(
        (again.body["id"].as_str(), again.header("idempotent-replay")),
        (first.body["id"].as_str(), "true")
    );
    house.with("POST", "/v2/deliveries/cancel", body(), &key).await.is(422);
    let href = first.body["href"].as_str().unwrap();
    let other = [("x-project-id", "other")];
    for method in ["GET", "DELETE"] {
        house.with(method, href, None, &other).await.is(404);
        house.call(method, "/v2/jobs/nonsense", None).await.is(404);
    }
    house.call("DELETE", href, None).await.is(204);
}

#[tokio::test]
async fn the_list_of_deliveries_takes_the_same_filters() {
    let house = House::new().await;
    let dead = buried(&house, 1).await;
    house.notify(json!("log:"), json!("hi")).await;
    let ids = |body: &Value| -> Vec<String> {
        body["deliveries"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one["id"].as_str().unwrap().to_owned())
            .collect()
    };
    for query in
        ["driver=http", "state=dead&from=1", "state=dead&from=2020-01-01T00:00:00%2B02:00", "reason=connect"]
    {
        let page = house.get(&format!("/v2/deliveries?{query}")).await.is(200).body;
        assert_eq!(ids(&page), dead, "{query}");
    }
    for query in ["driver=http&to=2020-01-01T00:00:00Z", "from=2999-01-01T00:00:00Z", "driver=x"] {
        let page = house.get(&format!("/v2/deliveries?{query}")).await.is(200).body;
        assert!(ids(&page).is_empty(), "{query}");
    }
    house.get("/v2/deliveries?from=yesterday").await.is(400);
}
