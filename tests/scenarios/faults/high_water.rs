//! Limits of the whole host: above one of them posts are refused with its name, nothing that was accepted is lost, and
//! once there is room it goes on by itself.

use std::thread;

use nuncio_tests::{Accepted, Host, Recipe, Reply, Sink, http::Answer, until};
use serde_json::{Value, json};

use super::shared::{PROJECT, all_delivered};
use crate::{
    clock::SOON,
    load::{Load, Route},
};

const RETRIES: &str =
    "retry = { schedule = [\"1s\", \"1s\", \"1s\", \"1s\", \"1s\", \"1s\", \"1s\", \"1s\"] }";

/// An answer that says that `limit` is reached, and when to come back.
#[track_caller]
fn refused(answer: &Answer, limit: &str) {
    let text = answer.text();
    assert_eq!(answer.status, 503, "{text}");
    assert!(text.contains(&format!("{limit} is reached")), "it does not name {limit}: {text}");
    assert!(answer.header("retry-after").is_some_and(|value| value.parse::<u32>().is_ok()), "{answer:?}");
}

fn post(host: &Host, queue: &str, body: Value) -> Answer {
    let messages = json!({"messages": [{"body": body}]});
    host.request("POST", &format!("/v2/queues/{queue}/messages"), &messages)
}

#[test]
fn a_backlog_that_is_too_long_refuses_what_would_make_it_longer() {
    let (sink, mut accepted) = (Sink::start(), Accepted::default());
    sink.on("/hook", [Reply::Status(503)]);
    let host = Recipe::new().delivery("max_backlog = 10").delivery(RETRIES).start();
    host.subscribe("q", &sink.url("/hook"), &json!({}));
    for n in 0..10 {
        accepted.messages(&post(&host, "q", json!(n)).expect(201), 1);
    }
    refused(&post(&host, "q", json!("one more")), "delivery.max_backlog");
    let notification = json!({"to": [sink.url("/hook")], "content": "x"});
    refused(&host.request("POST", "/v2/notifications", &notification), "delivery.max_backlog");
    post(&host, "for-pull-alone", json!("no delivery")).expect(201);
    host.get("/readyz").expect(200);

    sink.on("/hook", [Reply::Status(204)]);
    until("posts to be taken again", SOON, || {
        let answer = post(&host, "q", json!("at last"));
        (answer.status == 201).then(|| accepted.messages(&answer, 1))
    });
    all_delivered(&host, &sink, &accepted);
    assert_eq!(host.deliveries("limit=1000").len(), 11, "what was refused left nothing");
}

/// Sends a notification of 100 kB, or a small one.
fn notify(host: &Host, url: &str, size: usize) -> Answer {
    host.request("POST", "/v2/notifications", &json!({"to": [url], "content": "x".repeat(size)}))
}

fn delivery(answer: &Answer) -> String {
    answer.json()["deliveries"][0]["id"].as_str().expect("an id").to_owned()
}

#[test]
fn a_database_that_is_too_big_refuses_until_what_it_holds_is_settled() {
    let sink = Sink::start();
    sink.on("/hook", [Reply::Status(503)]);
    // Looks every four seconds, and would delete by age much later than is waited for.
    let recipe = Recipe::new().storage("max_bytes = \"2 MiB\"").section("[retention]\nsettled = \"40s\"");
    let host = recipe.delivery("retry = { schedule = [\"1h\"] }").start();
    let mut open = Vec::new();
    let answer = until("posts to be refused", SOON, || {
        let answer = notify(&host, &sink.url("/hook"), 100_000);
        if answer.status == 202 {
            open.push(delivery(&answer));
        }
        (answer.status != 202).then_some(answer)
    });
    refused(&answer, "storage.max_bytes");
    let degraded = host.get("/readyz").expect(200).text();
    assert!(degraded.contains("storage.max_bytes"), "{degraded}");

    open.iter().for_each(|id| drop(host.failed(id, 1, SOON)));
    sink.on("/hook", [Reply::Status(204)]);
    for id in &open {
        host.request("POST", &format!("/v2/deliveries/{id}/retry"), &Value::Null);
    }
    until("posts to be taken again", SOON * 2 / 3, || {
        (notify(&host, &sink.url("/hook"), 10).status == 202).then_some(())
    });
    sink.wait_for("/hook", 2 * open.len() + 1, SOON);
    assert!(open.iter().all(|id| sink.taken_ids().contains(id)), "nothing that was accepted is lost");
}

#[test]
fn a_database_that_is_too_big_at_the_start_makes_room_at_once() {
    let sink = Sink::start();
    let mut host = Recipe::new().start();
    let sent = |host: &Host| delivery(&notify(host, &sink.url("/hook"), 100_000).expect(202));
    let settled: Vec<_> = (0..30).map(|_| sent(&host)).collect();
    settled.iter().for_each(|id| drop(host.settled(id, "delivered", SOON)));
    host.stop();
    // By age they would be kept for days.
    host.change(host.recipe().clone().storage("max_bytes = \"2 MiB\""));
    host.start();
    until("posts to be taken", SOON, || (notify(&host, &sink.url("/hook"), 10).status == 202).then_some(()));
    let is_gone = |id: &&String| host.get(&format!("/v2/deliveries/{id}")).status == 404;
    assert!(settled.iter().filter(is_gone).count() > 10, "room was made by deleting what is settled");
}

#[test]
fn a_writer_with_too_much_to_do_refuses_and_loses_nothing() {
    const ROUTE: Route = Route { project: PROJECT, queue: "q", batch: 20, subscribers: 1 };
    let (sink, load) = (Sink::start(), Load::default());
    let recipe = Recipe::new().storage("pending_operations = 16").storage("pending_time = \"1ms\"");
    // A commit for each POST: many clients are faster than that.
    let host = recipe.storage("commit_operations = 1").start();
    host.subscribe("q", &sink.url("/hook"), &json!({}));
    load.aim(Some(host.address()));
    let answers = thread::scope(|scope| {
        let _finish = load.finish_after();
        for _ in 0..48 {
            scope.spawn(|| load.post(ROUTE, &[&sink]));
        }
        until("posts to be refused", SOON, || Some(load.take_refused()).filter(|all| !all.is_empty()))
    });
    answers.iter().for_each(|answer| refused(answer, "storage.pending_operations"));
    let mut accepted = load.accepted();
    accepted.messages(&host.post("q", &[json!("at last")]), 1);
    all_delivered(&host, &sink, &accepted);
}
