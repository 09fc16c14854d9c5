//! What is settled goes when its time has come, dead letters later, and what is open never.

use std::{
    fs,
    sync::atomic::{AtomicBool, AtomicUsize, Ordering},
    thread,
    time::Duration,
};

use nuncio_tests::{Host, Recipe, Reply, Sink, WallClock, failures, until};
use serde_json::{Value, json};

use crate::clock::{SOON, unix_now};

const HOUR: i64 = 3600;
/// The database is as big as these many bytes in each message make it.
const BODY: usize = 100_000;
const SETTLED: usize = 120;
const DEAD: usize = 5;

/// A host that looks every three seconds for what was settled 30 s ago, and copies its log back at once, so that the
/// size of the file is that of the database.
fn living_by(clock: &WallClock) -> Host {
    Recipe::new()
        .envs(clock.environment())
        .storage("checkpoint_bytes = 65536")
        .delivery("retry = { schedule = [\"6h\"] }")
        .section("[retention]\nsettled = \"30s\"\ndead_letters = \"2h\"")
        .start()
}

/// Sends a message of `size` to `url`; the id of its delivery.
fn send(host: &Host, url: &str, size: usize) -> String {
    host.notify(&json!({"to": [url], "content": "x".repeat(size)})).remove(0)
}

fn file(host: &Host) -> u64 {
    fs::metadata(host.data().join("nuncio.db")).unwrap().len()
}

/// Those of `ids` that the host does not know any more.
fn gone(host: &Host, ids: &[String]) -> usize {
    ids.iter().filter(|id| host.get(&format!("/v2/deliveries/{id}")).status == 404).count()
}

/// Runs `meanwhile` while small messages are posted, each of which must be taken; how many there were.
fn posting(host: &Host, sink: &Sink, meanwhile: impl FnOnce()) -> usize {
    let (done, posted) = (AtomicBool::new(false), AtomicUsize::new(0));
    thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                send(host, &sink.url("/meanwhile"), 10);
                posted.fetch_add(1, Ordering::Relaxed);
                thread::sleep(Duration::from_millis(5));
            }
        });
        let _finish = Finish(&done);
        meanwhile();
    });
    posted.into_inner()
}

/// Ends posting, also when what goes on meanwhile fails.
struct Finish<'d>(&'d AtomicBool);

impl Drop for Finish<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

#[test]
fn what_is_settled_goes_with_its_age_and_the_file_shrinks() {
    let (clock, sink) = (WallClock::new(), Sink::start());
    sink.on("/refusing", [Reply::Status(400)]);
    sink.on("/failing", [Reply::Status(503), Reply::Status(204)]);
    let mut host = living_by(&clock);
    let settled: Vec<_> = (0..SETTLED).map(|_| send(&host, &sink.url("/hook"), BODY)).collect();
    let dead: Vec<_> = (0..DEAD).map(|_| send(&host, &sink.url("/refusing"), BODY)).collect();
    let waits = send(&host, &sink.url("/failing"), 10);
    let tomorrow = json!({"to": [sink.url("/tomorrow")], "content": "x", "deliver_at": unix_now() + 86_400});
    let held = host.notify(&tomorrow).remove(0);
    settled.iter().for_each(|id| drop(host.settled(id, "delivered", SOON)));
    dead.iter().for_each(|id| drop(host.settled(id, "dead", SOON)));
    host.failed(&waits, 1, SOON);
    let big = until("the file to grow", SOON, || Some(file(&host)).filter(|size| *size > 10_000_000));

    clock.set(60);
    let first = posting(&host, &sink, || {
        until("the settled to go", SOON, || (gone(&host, &settled) == SETTLED).then_some(()));
        until("the file to shrink", SOON, || (file(&host) < big / 3).then_some(()));
    });
    for id in &dead {
        assert_eq!(failures(&host.delivery(id)).len(), 1, "a dead letter stays, with its attempts");
    }

    clock.set(2 * HOUR + 60);
    let second = posting(&host, &sink, || {
        until("the dead letters to go", SOON, || (gone(&host, &dead) == DEAD).then_some(()));
    });
    assert!(first > 0 && second > 0, "nothing was posted meanwhile");
    assert_eq!(failures(&host.delivery(&waits)).len(), 1);
    assert_eq!(host.delivery(&held)["state"], "held");
    assert_eq!(host.deliveries("state=dead"), Vec::<Value>::new());

    clock.set(25 * HOUR);
    host.restart();
    for (id, path, times) in [(&waits, "/failing", 2), (&held, "/tomorrow", 1)] {
        sink.wait_for(path, times, SOON);
        host.settled(id, "delivered", SOON);
    }
    accounts_close(&host, SETTLED + DEAD + 2 + first + second);
}

/// What is gone still counts: the accounts are those since the database was made.
fn accounts_close(host: &Host, accepted: usize) {
    until("all to be settled", SOON, || (host.metric("nuncio_open_deliveries") == 0.0).then_some(()));
    let [accepted_by_it, ended] =
        ["nuncio_accepted_deliveries", "nuncio_ended_deliveries"].map(|name| host.metric(name) as usize);
    assert_eq!((accepted_by_it, ended), (accepted, accepted));
}
