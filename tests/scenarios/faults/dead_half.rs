//! Ten thousand destinations, half of them dead.

use std::{
    thread,
    time::{Duration, Instant},
};

use nuncio_tests::{Accepted, Account, Host, Recipe, Reply, Sink, free_port, until};
use serde_json::{Value, json};

use super::shared::PROJECT;
use crate::clock::SOON;

const HALF: u16 = 5000;
/// The most recipients that one notification names.
const PAGE: usize = 1000;
/// The most memory that the host may take (`VmHWM`).
const MEMORY: u64 = 256 << 20;

/// What became of a run.
struct Run {
    took: Duration,
    account: Account,
    peak: u64,
}

#[test]
fn half_of_ten_thousand_destinations_may_be_dead() {
    let alone = run(0);
    let beside = run(HALF);
    eprintln!(
        "{HALF} destinations took {:?}, and {:?} beside as many dead ones; {} and {} MiB; {}",
        alone.took,
        beside.took,
        alone.peak >> 20,
        beside.peak >> 20,
        beside.account
    );
    assert!(beside.peak < MEMORY, "it took {} bytes of memory", beside.peak);
    let bound = alone.took * 5 + Duration::from_secs(5);
    assert!(beside.took < bound, "{:?}, and {:?} without the dead ones", beside.took, alone.took);
}

/// Sends two notifications to each of `HALF` good destinations and of `dead` dead ones among them.
fn run(dead: u16) -> Run {
    let sink = Sink::start_everywhere();
    let host = Recipe::new().start();
    sink.on("/hook", [Reply::Parting(204)]);
    let port = free_port();
    let mut urls = Vec::new();
    for n in 0..HALF {
        if n < dead {
            urls.push(Sink::refusing_at(n, port, "/hook"));
        }
        urls.push(sink.url_at(n, "/hook"));
    }
    let begun = Instant::now();
    let accepted = send(&host, &urls, 2);
    let good = 2 * usize::from(HALF);
    until("the good half to be served", SOON * 4, || {
        thread::sleep(Duration::from_millis(20));
        (sink.taken() >= good).then_some(())
    });
    let took = begun.elapsed();
    assert_eq!((sink.taken_ids().len(), sink.count()), (good, good), "once each");
    let account = until("all that arrived to be recorded", SOON, || {
        thread::sleep(Duration::from_millis(300));
        Some(Account::of(&host, &[PROJECT])).filter(|account| account.count("delivered") == good)
    });
    account.closes(&accepted);
    account.agrees_with(&[&sink]);
    assert_eq!(account.count("waiting"), 2 * usize::from(dead), "{account}");
    Run { took, peak: host.peak_memory(), account }
}

fn send(host: &Host, urls: &[String], times: usize) -> Accepted {
    let mut accepted = Accepted::default();
    for _ in 0..times {
        for page in urls.chunks(PAGE) {
            let body: Value = json!({"to": page, "content": "x"});
            accepted.notification(&host.request("POST", "/v2/notifications", &body).expect(202));
        }
    }
    accepted
}
