//! A start on a database that holds a great many deliveries for later.

use std::{
    thread,
    time::{Duration, Instant},
};

use nuncio_tests::{Account, Recipe, Sink, until};

use super::shared::{PROJECT, notify};
use crate::{
    clock::{SOON, long, unix_now},
    load::Load,
};

/// Recipients of one notification.
const RECIPIENTS: u16 = 1000;
/// Destinations that they are spread over.
const DESTINATIONS: u16 = 100;
const MONTH: u64 = 30 * 86_400;
/// The longest time that a start may take, and the most memory. How soon the first new delivery is served is reported:
/// what was stored before the last settlement is read through first.
const START: Duration = Duration::from_secs(5);
const MEMORY: u64 = 128 << 20;

#[test]
fn a_start_with_a_great_many_deferred_deliveries_is_quick_and_serves_the_others() {
    let notifications = if long() { 1000 } else { 200 };
    let sink = Sink::start();
    let mut host = Recipe::new().start();
    let urls: Vec<String> =
        (0..RECIPIENTS).map(|n| sink.url_at(n % DESTINATIONS, &format!("/{n}"))).collect();
    let load = Load::default();
    let (at, address) = (unix_now() + MONTH, host.address());
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| load.send(address, PROJECT, &urls, at, notifications / 4));
        }
    });
    let mut accepted = load.accepted();
    host.kill();

    let begun = Instant::now();
    host.start();
    let started = begun.elapsed();
    let id = notify(&host, &mut accepted, &sink.url("/now"), None);
    until("one that is not deferred to arrive", SOON, || (sink.taken() == 1).then_some(()));
    let served = begun.elapsed();
    host.settled(&id, "delivered", SOON);
    let peak = host.peak_memory();
    let account = Account::of(&host, &[PROJECT]);
    eprintln!("ready after {started:?}, served after {served:?}, at most {} MiB; {account}", peak >> 20);
    account.closes(&accepted);
    assert_eq!((account.count("held"), account.count("delivered")), (account.total() - 1, 1), "{account}");
    assert!(started < START, "it was ready after {started:?}");
    assert!(peak < MEMORY, "it took {peak} bytes of memory");
}
