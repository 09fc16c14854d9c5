//! The machine's clock is set a day ahead and a day back while the host runs.

use std::{
    collections::HashSet,
    time::{Duration, Instant},
};

use nuncio_tests::{Accepted, Host, Recipe, Reply, Sink, WallClock};

use super::shared::{all_delivered, notify};
use crate::clock::{SOON, unix_now};

const DAY: u64 = 86_400;
/// What a clock that is set may cost a delivery: the host looks at its clock at least so often.
const BOUND: Duration = Duration::from_secs(30);

/// A host that lives by `clock`, whose webhook `/retry` fails once and is tried again three seconds later.
fn living_by(clock: &WallClock, sink: &Sink) -> Host {
    sink.on("/retry", [Reply::Status(500), Reply::Status(204)]);
    Recipe::new().delivery("retry = { schedule = [\"3s\", \"1s\"] }").envs(clock.environment()).start()
}

/// Waits until `path` was served `n` times; how long that took.
#[track_caller]
fn served(sink: &Sink, path: &str, n: usize) -> Duration {
    let begun = Instant::now();
    sink.wait_for(path, n, SOON + BOUND);
    begun.elapsed()
}

#[test]
fn a_clock_that_is_set_ahead_delays_nothing() {
    let (clock, sink, mut accepted) = (WallClock::new(), Sink::start(), Accepted::default());
    let mut host = living_by(&clock, &sink);
    notify(&host, &mut accepted, &sink.url("/retry"), None);
    let tomorrow = notify(&host, &mut accepted, &sink.url("/tomorrow"), Some(unix_now() + DAY - 60));
    let overmorrow = notify(&host, &mut accepted, &sink.url("/overmorrow"), Some(unix_now() + DAY + 3600));
    served(&sink, "/retry", 1);
    clock.set(DAY.cast_signed());
    assert!(served(&sink, "/retry", 2) < BOUND + Duration::from_secs(10));
    served(&sink, "/tomorrow", 1);
    notify(&host, &mut accepted, &sink.url("/after"), None);
    served(&sink, "/after", 1);
    host.settled(&tomorrow, "delivered", SOON);
    assert_eq!(host.delivery(&overmorrow)["state"], "held");
    host.restart();
    assert_eq!(host.delivery(&overmorrow)["state"], "held");
    assert!(sink.received("/overmorrow").is_empty(), "its time has not come");
    clock.set(DAY.cast_signed() + 3700);
    all_delivered(&host, &sink, &accepted);
}

#[test]
fn a_clock_that_is_set_back_delays_no_retry_and_repeats_no_id() {
    let (clock, sink, mut accepted) = (WallClock::new(), Sink::start(), Accepted::default());
    let mut host = living_by(&clock, &sink);
    let mut ids = HashSet::new();
    let mut send = |host: &Host, path: &str, at: Option<u64>| {
        assert!(ids.insert(notify(host, &mut accepted, &sink.url(path), at)), "an id was issued twice");
    };
    send(&host, "/retry", None);
    served(&sink, "/retry", 1);
    send(&host, "/today", Some(unix_now() + 5));
    clock.set(-DAY.cast_signed());
    send(&host, "/soon", Some(unix_now() - DAY + 5));
    let took = served(&sink, "/retry", 2);
    assert!(took < BOUND + Duration::from_secs(10), "the retry came after {took:?}");
    for _ in 0..100 {
        send(&host, "/many", None);
    }
    served(&sink, "/soon", 1);
    host.restart();
    for _ in 0..100 {
        send(&host, "/many", None);
    }
    served(&sink, "/many", 200);
    assert!(sink.received("/today").is_empty(), "by the clock, its day has not come");
    clock.set(0);
    all_delivered(&host, &sink, &accepted);
}
