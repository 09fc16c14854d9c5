use std::{
    collections::HashSet,
    env, thread,
    time::{Duration, Instant},
};

use nuncio_tests::{Account, Host, Recipe, Reply, Sink, patiently, until};
use serde_json::json;

use super::account::{check_appointments, check_duplicates, check_order};
use crate::{
    clock::{SOON, long, unix_now},
    load::{Load, Route},
};

/// So many deliveries the host keeps in memory (`hot_deliveries`); the load must be more.
const HOT: usize = 20_000;
const ORDERS: Route = Route { project: "north", queue: "orders", batch: 100, subscribers: 4 };
const BILLS: Route = Route { project: "north", queue: "bills", batch: 5, subscribers: 3 };
const CLAIMS: Route = Route { project: "south", queue: "orders", batch: 20, subscribers: 2 };
const PROJECTS: [&str; 2] = ["north", "south"];

/// The endpoints of the scenario: what is good or gets well; one that hangs at first, at a destination of its own; and
/// one that never takes anything.
struct Stage {
    good: Sink,
    hanging: Sink,
    broken: Sink,
}

impl Stage {
    fn build() -> Self {
        let stage = Self { good: Sink::start(), hanging: Sink::start(), broken: Sink::start() };
        stage.good.on("/flaky", [vec![Reply::Status(503); 2000], vec![Reply::Status(204)]].concat());
        let now_and_then = [vec![Reply::Status(204); 20], vec![Reply::Status(500)]].concat();
        stage.good.on("/ordered", now_and_then.into_iter().cycle().take(20_000));
        stage.hanging.on("/hanging", [vec![Reply::Hang; 12], vec![Reply::Status(204)]].concat());
        stage.broken.on("/broken", [Reply::Status(500)]);
        stage
    }

    fn subscribe(&self, host: &Host) {
        let (north, south) = (host.tenant("north"), host.tenant("south"));
        for path in ["/a", "/b", "/c", "/flaky"] {
            north.subscribe("orders", &self.good.url(path), &json!({}));
        }
        north.subscribe("bills", &self.good.url("/d"), &json!({}));
        north.subscribe("bills", &self.good.url("/ordered"), &json!({"ordered": true}));
        north.subscribe("bills", &self.hanging.url("/hanging"), &json!({"deadline": "2s"}));
        south.subscribe("orders", &self.good.url("/e"), &json!({}));
        let twice = json!({"retry": {"schedule": ["0s", "1s"]}});
        south.subscribe("orders", &self.broken.url("/broken"), &twice);
    }

    /// Posts to it all until the load is finished.
    fn load<'s>(&'s self, scope: &'s thread::Scope<'s, '_>, load: &'s Load) {
        let sinks = || [&self.good, &self.hanging];
        for route in [ORDERS, ORDERS, BILLS, CLAIMS] {
            scope.spawn(move || load.post(route, &sinks()));
        }
        let later = ["/later", "/much-later"].map(|path| self.good.url(path));
        scope.spawn(move || load.schedule("south", &later, &sinks()));
    }
}

#[test]
fn every_acknowledged_message_survives_twenty_kills() {
    let (kills, messages) = if long() { (100, 50_000) } else { (20, 10_000) };
    let seed = env::var("NUNCIO_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or_else(unix_now);
    eprintln!("the kills of NUNCIO_SEED={seed}");
    let (stage, load) = (Stage::build(), Load::default());
    let schedule = format!("[\"0s\"{}]", ", \"1s\"".repeat(60));
    let mut host = Recipe::new().delivery(&format!("retry = {{ schedule = {schedule} }}")).start();
    stage.subscribe(&host);

    load.aim(Some(host.address()));
    let killed = thread::scope(|scope| {
        stage.load(scope, &load);
        let _finish = load.finish_after();
        let killed = kill_at_random(&mut host, &load, kills, seed);
        until("enough messages to be acknowledged", SOON * 4, || (load.count() >= messages).then_some(()));
        killed
    });
    assert!(load.peak() > HOT, "at most {} deliveries waited: they all fitted into memory", load.peak());

    let begun = Instant::now();
    all_settles(&host, &stage, &load);
    let account = Account::of(&host, &PROJECTS);
    eprintln!(
        "{} messages acknowledged, {account}, at most {} outstanding, the last settled {:?} after the last post",
        load.count(),
        load.peak(),
        begun.elapsed()
    );
    account.closes(&load.accepted());
    account.agrees_with(&[&stage.good, &stage.hanging]);
    assert_eq!(account.count("dead") + account.count("delivered"), account.total(), "{account}");
    assert_eq!(account.addresses("dead"), [stage.broken.url("/broken").as_str()].into());
    check_duplicates(&stage.good, &killed);
    check_order(&stage.good, "/ordered");
    check_appointments(&stage.good, &load.appointments());
}

/// Waits until no delivery waits for anything.
#[track_caller]
fn all_settles(host: &Host, stage: &Stage, load: &Load) {
    patiently(SOON * 8, || {
        thread::sleep(Duration::from_millis(500));
        let refused = stage
            .broken
            .look(|all| all.iter().map(|one| one.webhook_id().to_owned()).collect::<HashSet<_>>());
        let ended = stage.good.taken_ids().len() + stage.hanging.taken_ids().len() + refused.len();
        (ended >= load.deliveries()).then_some(())
    });
    until("nothing to wait any more", SOON * 4, || {
        let open = |project: &str, state: &str| {
            let query = format!("limit=1000&state={state}");
            !host.tenant(project).deliveries(&query).is_empty()
        };
        thread::sleep(Duration::from_millis(300));
        (!PROJECTS.iter().any(|project| open(project, "waiting") || open(project, "held"))).then_some(())
    });
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
