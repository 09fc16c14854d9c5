use std::{
    env, thread,
    time::{Duration, Instant},
};

use nuncio_tests::{Host, Recipe, Reply, Sink, patiently, until};
use serde_json::{Value, json};

use super::{
    account::{check_duplicates, missing},
    load::Load,
};
use crate::clock::{SOON, long, unix_now};

/// So many deliveries the host keeps in memory (`hot_deliveries`); the load must be more.
const HOT: usize = 20_000;
const PATHS: [&str; 5] = ["/a", "/b", "/c", "/d", "/flaky"];

#[test]
fn every_acknowledged_message_survives_twenty_kills() {
    let (kills, messages) = if long() { (100, 50_000) } else { (20, 10_000) };
    let seed = env::var("NUNCIO_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or_else(unix_now);
    eprintln!("the kills of NUNCIO_SEED={seed}");
    let sink = Sink::start();
    sink.on("/flaky", [vec![Reply::Status(503); 2000], vec![Reply::Status(204)]].concat());
    let schedule = format!("[\"0s\"{}]", ", \"1s\"".repeat(60));
    let mut host = Recipe::new().delivery(&format!("retry = {{ schedule = {schedule} }}")).start();
    for path in PATHS {
        host.subscribe("q", &sink.url(path), &json!({}));
    }

    let load = Load::default();
    load.aim(Some(host.address()));
    let killed = thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| load.post("q", &sink, PATHS.len()));
        }
        let killed = kill_at_random(&mut host, &load, kills, seed);
        until("enough messages to be acknowledged", SOON * 4, || (load.count() >= messages).then_some(()));
        load.finish();
        killed
    });

    assert!(load.peak() > HOT, "at most {} deliveries waited: they all fitted into memory", load.peak());
    let acknowledged = load.acknowledged();
    let begun = Instant::now();
    let arrived = || {
        thread::sleep(Duration::from_millis(500));
        (missing(&sink, &PATHS, &acknowledged) == 0).then_some(())
    };
    patiently(SOON * 8, arrived);
    let lost = missing(&sink, &PATHS, &acknowledged);
    assert_eq!(lost, 0, "of {} acknowledged messages to {} webhooks", acknowledged.len(), PATHS.len());
    eprintln!(
        "{} messages acknowledged, at most {} deliveries outstanding, the last delivered {:?} after the last post",
        acknowledged.len(),
        load.peak(),
        begun.elapsed()
    );
    until("nothing to wait any more", SOON, || host.deliveries("state=waiting").is_empty().then_some(()));
    assert_eq!(host.deliveries("state=dead"), Vec::<Value>::new());
    check_duplicates(&sink, &killed);
}

/// Kills and starts the host; every third time it is killed a second time while it recovers. When it was killed.
fn kill_at_random(host: &mut Host, load: &Load, kills: usize, seed: u64) -> Vec<Instant> {
    let mut random = Random(seed);
    let mut killed = Vec::new();
    while killed.len() < kills {
        thread::sleep(random.up_to(800));
        load.aim(None);
        host.kill();
        killed.push(Instant::now());
        if killed.len() % 3 == 0 {
            host.spawn();
            thread::sleep(random.up_to(120));
            host.kill();
            killed.push(Instant::now());
        }
        host.start();
        load.aim(Some(host.address()));
    }
    killed
}

/// `SplitMix64`: a seed gives the same moments again, as far as the machine does.
struct Random(u64);

impl Random {
    fn up_to(&mut self, milliseconds: u64) -> Duration {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        Duration::from_millis((mixed ^ (mixed >> 31)) % milliseconds)
    }
}
