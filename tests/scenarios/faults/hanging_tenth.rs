//! A hundred destinations, of which one or ten never answer.

use std::{
    thread,
    time::{Duration, Instant},
};

use nuncio_tests::{Accepted, Account, Recipe, Reply, Sink, until};
use serde_json::json;

use super::shared::PROJECT;
use crate::clock::{SOON, long};

const DESTINATIONS: u16 = 100;
/// Between two messages.
const PERIOD: Duration = Duration::from_millis(25);
/// What is no hindrance to anybody, whatever the ratio is.
const UNNOTICED: Duration = Duration::from_millis(500);

#[test]
fn the_healthy_do_not_feel_those_that_hang() {
    let messages = if long() { 1000 } else { 120 };
    let alone = p99(0, messages);
    for hanging in [1, 10] {
        let beside = p99(hanging, messages);
        let ratio = beside.as_secs_f64() / alone.as_secs_f64();
        eprintln!(
            "{hanging} of {DESTINATIONS} hang: p99 of the others is {beside:?}, {ratio:.2} times {alone:?}"
        );
        assert!(ratio < 5.0 || beside < UNNOTICED, "{beside:?} instead of {alone:?}");
    }
}

/// Posts `messages` to all destinations, the first `hanging` of which never answer; how long it took from a post to
/// an arrival at the others, but for the slowest hundredth.
fn p99(hanging: u16, messages: usize) -> Duration {
    let sink = Sink::start_everywhere();
    sink.on("/hang", [Reply::Hang]);
    let host = Recipe::new().start();
    for n in 0..DESTINATIONS {
        let path = if n < hanging { "/hang" } else { "/hook" };
        host.subscribe("q", &sink.url_at(n, path), &json!({}));
    }
    let (mut accepted, mut posted) = (Accepted::default(), Vec::new());
    for n in 0..messages {
        posted.push(Instant::now());
        accepted.messages(&host.post("q", &[json!(n)]), DESTINATIONS.into());
        thread::sleep(PERIOD);
    }
    let healthy = usize::from(DESTINATIONS - hanging) * messages;
    until("the healthy to get everything", SOON, || (sink.taken() >= healthy).then_some(()));
    let account = until("all that arrived to be recorded", SOON, || {
        Some(Account::of(&host, &[PROJECT])).filter(|account| account.count("delivered") == healthy)
    });
    account.closes(&accepted);
    account.agrees_with(&[&sink]);
    assert_eq!(account.count("waiting"), account.total() - healthy, "{account}");
    sink.look(|all| {
        let taken = all.iter().filter(|one| one.is_taken());
        let mut times: Vec<_> =
            taken.map(|one| one.at - posted[one.json()["body"].as_u64().unwrap() as usize]).collect();
        times.sort_unstable();
        times[times.len() * 99 / 100]
    })
}
