//! A loaded driver that misbehaves harms its own deliveries and nothing else.

use std::time::{Duration, Instant};

use nuncio_tests::{Recipe, failures};
use serde_json::{Value, json};

use super::shared::fickle;
use crate::clock::SOON;

fn notify(host: &nuncio_tests::Host, uris: &[&str]) -> Vec<String> {
    host.notify(&json!({"to": uris, "content": "x"}))
}

/// The first failed attempt of the delivery `id`.
fn first_failure(host: &nuncio_tests::Host, id: &str) -> Value {
    failures(&host.failed(id, 1, SOON))[0].clone()
}

#[test]
fn a_panic_and_a_hang_are_failed_attempts_of_their_own_deliveries() {
    let host = Recipe::new().library(&fickle()).delivery("deadline = \"500ms\"").start();
    let ids = notify(&host, &["fickle:ok", "fickle:sleep", "fickle:panic", "fickle:retry", "fickle:second"]);
    host.settled(&ids[0], "delivered", SOON);
    host.settled(&ids[4], "delivered", SOON);
    let slept = first_failure(&host, &ids[1]);
    assert_eq!(slept["scope"], "destination", "{slept}");
    assert!(slept["reason"].as_str().unwrap().contains("no answer within 500 ms"), "{slept}");
    let panicked = first_failure(&host, &ids[2]);
    let reason = panicked["reason"].as_str().unwrap();
    assert!(reason.contains("told to panic") && reason.contains("fickle.rs:"), "{reason}");
    let retried = first_failure(&host, &ids[3]);
    assert_eq!(retried["reason"], "told to be asked again");
}

#[test]
fn a_secret_that_a_driver_tells_is_not_repeated() {
    let settings = "[drivers.fickle]\npassword = { env = \"FICKLE_PASSWORD\" }";
    let host =
        Recipe::new().library(&fickle()).section(settings).env("FICKLE_PASSWORD", "hunter2-and-more").start();
    let ids = notify(&host, &["fickle:tell"]);
    let told = first_failure(&host, &ids[0]);
    assert_eq!(told["reason"], "the password is ***", "{told}");
    let shown = [host.log(), host.get("/v2/drivers").text(), host.get("/readyz").text()].concat();
    assert!(!shown.contains("hunter2"), "{shown}");
}

#[test]
fn a_host_with_a_hundred_sleeping_deliveries_stops_within_the_grace() {
    let recipe = Recipe::new().library(&fickle()).delivery("shutdown_grace = \"1s\"\nfirst_slots = 64");
    let mut host = recipe.start();
    let sleepers = vec!["fickle:sleep"; 100];
    // Equal addresses would be one: each stands in a notification of its own.
    let ids: Vec<String> = sleepers.iter().flat_map(|uri| notify(&host, &[uri])).collect();
    nuncio_tests::until("many to be under way", SOON, || {
        (host.metric("nuncio_in_flight") >= 32.0).then_some(())
    });
    let begun = Instant::now();
    host.stop();
    assert!(begun.elapsed() < Duration::from_secs(15), "it took {:?}", begun.elapsed());
    host.start();
    assert_eq!(host.delivery(&ids[0])["state"], "waiting", "nothing is lost by it");
}
