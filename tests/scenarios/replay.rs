//! Replaying and cancelling by filter, with the real host, its command line, and SIGKILL in the middle.

use std::{collections::BTreeSet, process::Output, time::Duration};

use nuncio_tests::{
    Host, Recipe, Reply, Sink, binary,
    command::{command, run},
    until,
};
use serde_json::{Value, json};

use crate::clock::{SOON, unix_now};

/// Posts `count` messages that die at `/orders`, and answers their deliveries.
fn bury(host: &Host, count: usize) -> Vec<Value> {
    let known = host.deliveries("state=dead&limit=1000").len();
    let bodies: Vec<_> = (0..count).map(|n| json!(n)).collect();
    for some in bodies.chunks(50) {
        host.post("orders", some);
    }
    until("all to die", SOON, || {
        let mut dead = host.deliveries("state=dead&limit=1000");
        (dead.len() == known + count).then(|| {
            dead.truncate(count);
            dead
        })
    })
}

fn follow(host: &Host, job: &Value, what: &str, wanted: impl Fn(&Value) -> bool) -> Value {
    let path = job["href"].as_str().unwrap().to_owned();
    until(what, SOON, || Some(host.get(&path).expect(200).json()).filter(&wanted))
}

fn earliest<'d>(deliveries: &'d [Value], what: &str) -> &'d str {
    deliveries.iter().map(|one| one[what].as_str().unwrap()).min().unwrap()
}

#[test]
fn a_replay_that_is_killed_half_way_delivers_each_dead_message_once() {
    let sink = Sink::start();
    sink.on("/orders", [Reply::Status(400)]);
    // A commit for each delivery: long enough to be met half way.
    let mut host = Recipe::new().section("[jobs]\nslice = 1").start();
    host.subscribe("orders", &sink.url("/orders"), &json!({}));
    let early = bury(&host, 20);
    let late = bury(&host, 200);
    sink.on("/orders", [Reply::Status(204)]);
    let before = sink.count();

    let filter = json!({"queue": "orders", "from": earliest(&late, "settled")});
    let mut dry = filter.clone();
    dry["dry_run"] = true.into();
    let counted = host.request("POST", "/v2/deliveries/replay", &dry).expect(200).json();
    assert_eq!(counted["matched"], 200, "{counted}");
    let job = host.request("POST", "/v2/deliveries/replay", &filter).expect(202).json();
    let seen = follow(&host, &job, "the replay to begin", |job| job["done"].as_u64() > Some(0));
    host.kill();
    assert!(seen["done"].as_u64() < Some(200), "it was over before it could be killed: {seen}");
    host.start();
    let job = follow(&host, &job, "the replay to end", |job| job["state"] == "finished");
    assert_eq!((&job["done"], &job["skipped"]), (&json!(200), &json!(0)), "{job}");

    until("all to be delivered", SOON, || {
        (host.deliveries("state=delivered&limit=1000").len() == 200).then_some(())
    });
    let id = |one: &Value| one["id"].as_str().unwrap().to_owned();
    let delivered: BTreeSet<_> = host.deliveries("state=delivered&limit=1000").iter().map(id).collect();
    assert_eq!(delivered, late.iter().map(id).collect());
    let dead: BTreeSet<_> = host.deliveries("state=dead&limit=1000").iter().map(id).collect();
    assert_eq!(dead, early.iter().map(id).collect());
    // What was in flight at the kill may have been sent twice; nothing else was.
    let sent: Vec<_> = sink.all().into_iter().skip(before).collect();
    let ids: BTreeSet<_> = sent.iter().map(|one| one.webhook_id().to_owned()).collect();
    assert_eq!(ids, delivered);
    assert!(sent.len() <= 200 + 64, "{} requests for 200 deliveries", sent.len());
}

#[test]
fn scheduled_deliveries_are_cancelled_by_filter_and_stay_so() {
    let sink = Sink::start();
    let mut host = Recipe::new().start();
    let tomorrow = unix_now() + 86_400;
    for n in 0..60 {
        host.notify(&json!({"to": [sink.url("/later"), "log:"], "content": n, "deliver_at": tomorrow}));
    }
    let job = host.request("POST", "/v2/deliveries/cancel", &json!({"driver": "http", "state": "held"}));
    let job =
        follow(&host, &job.expect(202).json(), "the cancellation to end", |job| job["state"] == "finished");
    assert_eq!((&job["done"], &job["in_flight"]), (&json!(60), &json!(0)), "{job}");
    host.restart();
    for (query, count) in
        [("state=cancelled&driver=http", 60), ("state=held&driver=log", 60), ("state=held", 60)]
    {
        assert_eq!(host.deliveries(&format!("{query}&limit=1000")).len(), count, "{query}");
    }
    assert_eq!(sink.count(), 0);
}

/// `nuncio` as it talks to `host`.
fn nuncio(host: &str, arguments: &[&str]) -> Output {
    let mut nuncio = command(binary(), Duration::from_secs(60));
    run(nuncio.args(arguments).args(["--host", host, "--project", "tests"]))
}

fn printed(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn the_command_line_finds_dead_letters_and_has_them_replayed() {
    let sink = Sink::start();
    sink.on("/orders", [Reply::Status(400)]);
    let host = Recipe::new().start();
    let url = format!("http://{}", host.address());
    host.subscribe("orders", &sink.url("/orders"), &json!({}));
    let dead = bury(&host, 3);
    assert_eq!(printed(&nuncio(&url, &["jobs"])), "no jobs\n");

    let listed = nuncio(&url, &["deliveries", "list", "--state", "dead", "--from", "1h", "--limit", "2"]);
    assert_eq!(
        (listed.status.code(), printed(&listed).lines().count()),
        (Some(0), 4),
        "{}",
        printed(&listed)
    );
    let id = dead[0]["id"].as_str().unwrap();
    let shown = printed(&nuncio(&url, &["deliveries", "show", id]));
    assert!(shown.contains("attempt 1 at") && shown.contains(" 400 "), "{shown}");

    let counted = printed(&nuncio(&url, &["replay", "--queue", "orders", "--dry-run"]));
    assert!(counted.starts_with("3 deliveries would be replayed"), "{counted}");
    assert_eq!(nuncio(&url, &["replay"]).status.code(), Some(64), "all of them only by --all");
    sink.on("/orders", [Reply::Status(204)]);
    let replayed = nuncio(&url, &["replay", "--all", "--wait", "--json"]);
    let job: Value = serde_json::from_slice(&replayed.stdout).unwrap();
    assert_eq!((&job["state"], &job["done"]), (&json!("finished"), &json!(3)), "{job}");
    for one in &dead {
        host.settled(one["id"].as_str().unwrap(), "delivered", SOON);
    }
    let jobs = printed(&nuncio(&url, &["jobs"]));
    assert!(jobs.contains(job["id"].as_str().unwrap()) && jobs.contains("finished"), "{jobs}");
    let refused = nuncio(&url, &["deliveries", "retry", id]);
    assert_eq!(refused.status.code(), Some(65), "EX_DATAERR: it is delivered");
}

#[test]
fn a_host_that_is_not_there_is_named_with_what_to_do() {
    let url = Sink::refusing("");
    let output = nuncio(&url, &["jobs"]);
    let error = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(69), "EX_UNAVAILABLE: {error}");
    assert!(error.contains(&url) && error.contains("nuncio serve"), "{error}");
}
