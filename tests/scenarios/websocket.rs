//! Pushes to connections: nothing that is stored is lost, whoever dies.

use std::{
    collections::BTreeSet,
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use nuncio_tests::{Host, Recipe, Socket, until};
use serde_json::{Value, json};

const LIMIT: Duration = Duration::from_secs(60);

fn subscriptions(host: &Host, queue: &str) -> usize {
    let page = host.get(&format!("/v2/queues/{queue}/subscriptions")).expect(200).json();
    page["subscriptions"].as_array().expect("a list").len()
}

/// Reads numbers until `last` came or the connection ended.
fn read(mut socket: Socket, last: u64) -> Vec<u64> {
    let mut seen = Vec::new();
    while seen.last() != Some(&last) {
        let Some(push) = socket.frame() else { break };
        seen.push(push["body"].as_u64().expect("a number"));
    }
    seen
}

#[test]
fn a_killed_host_loses_nothing_of_what_a_stored_subscription_is_owed() {
    let mut host = Recipe::new().start();
    let subscription = host.subscribe("q", "websocket:worker", &json!({}));
    let numbers: Vec<Value> = (0..1000).map(Value::from).collect();
    let mut batches = numbers.chunks(50);
    let mut seen = Vec::new();
    for kill in 0..3 {
        let mut worker = Socket::connect(host.address());
        worker.attach("q", &subscription);
        let reading = thread::spawn(move || read(worker, u64::MAX));
        for batch in batches.by_ref().take(5) {
            host.post("q", batch);
        }
        // At once: some are written, some are not, and of most it is not recorded.
        host.kill();
        seen.extend(reading.join().unwrap());
        host.start();
        assert_eq!(subscriptions(&host, "q"), 1, "after kill {kill}");
    }
    for batch in batches {
        host.post("q", batch);
    }
    let mut worker = Socket::connect(host.address());
    worker.attach("q", &subscription);
    let last = read(worker, 999);
    assert!(last.is_sorted(), "what waited came in its order");
    seen.extend(last);
    let all: BTreeSet<u64> = seen.iter().copied().collect();
    assert_eq!(all, (0..1000).collect(), "each arrived");
    until("all to be settled", LIMIT, || (host.deliveries("state=waiting").is_empty()).then_some(()));
}

#[test]
fn a_connections_own_subscription_ends_with_the_host_that_is_killed() {
    let mut host = Recipe::new().start();
    let mut client = Socket::connect(host.address());
    client.ask("subscription_create", &json!({"queue_name": "q", "ttl": 600}), 201);
    assert_eq!(subscriptions(&host, "q"), 1);
    host.restart();
    assert_eq!(subscriptions(&host, "q"), 0);
    host.post("q", &[json!(1)]);
    assert_eq!(host.deliveries("queue=q"), Vec::<Value>::new());
}

#[test]
fn a_slow_reader_is_dropped_while_another_one_is_served() {
    let host = Recipe::new().section("[websocket]\nwrite_timeout = \"1s\"").start();
    let slow = host.subscribe("q", "websocket:slow", &json!({}));
    let quick = host.subscribe("q", "websocket:quick", &json!({}));
    let (mut sleeper, mut reader) = (Socket::connect(host.address()), Socket::connect(host.address()));
    sleeper.attach("q", &slow);
    reader.attach("q", &quick);
    let (told, arrived) = mpsc::channel();
    let reading = thread::spawn(move || {
        while let Some(push) = reader.frame() {
            told.send((push["body"]["n"].as_u64().unwrap(), Instant::now())).unwrap();
        }
    });
    let large = "x".repeat(200_000);
    for n in 0..100 {
        host.post("q", &[json!({"n": n, "x": large})]);
        let (seen, _) = arrived.recv_timeout(LIMIT).expect("the quick one is served");
        assert_eq!(seen, n);
    }
    until("the slow one to be dropped", LIMIT, || {
        let metrics = host.get("/metrics").expect(200).text();
        metrics.contains("nuncio_websocket_closed_total{reason=\"slow\"} 1").then_some(())
    });
    // Nothing is lost, and what waits is held, not tried.
    let mut again = Socket::connect(host.address());
    again.attach("q", &slow);
    let mut seen = Vec::new();
    while seen.last() != Some(&99) {
        seen.push(again.frame().expect("a push")["body"]["n"].as_u64().unwrap());
    }
    assert!(seen.is_sorted() && seen.len() <= 100, "{seen:?}");
    drop((sleeper, host));
    reading.join().unwrap();
}
