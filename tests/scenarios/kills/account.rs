//! What the sinks received, held against when the host was killed and what was sent for later.

use std::{
    collections::{HashMap, HashSet},
    time::{Duration, Instant, SystemTime},
};

use nuncio_tests::{Received, Sink};

use crate::load::Appointment;

/// Nothing more is under way at once, and nothing more is undurable (`max_in_flight`, `undurable_outcomes`).
const BOUND: usize = 1024 + 4096;

/// A delivery that was taken again: when it was taken before, and when again.
struct Twice {
    first: Instant,
    again: Instant,
}

fn twice(all: &[Received]) -> Vec<Twice> {
    let mut last: HashMap<&str, Instant> = HashMap::new();
    let taken = all.iter().filter(|one| one.is_taken());
    taken
        .filter_map(|one| {
            let first = last.insert(one.webhook_id(), one.at)?;
            Some(Twice { first, again: one.at })
        })
        .collect()
}

/// Counts what was sent twice. Each must have been sent before a kill and again after it, and no kill may cause more
/// than the host says it risks.
#[track_caller]
pub(super) fn check_duplicates(sink: &Sink, kills: &[Instant]) {
    let twice = sink.look(twice);
    let mut by_kill = vec![0; kills.len()];
    let mut oldest = Duration::ZERO;
    for one in &twice {
        let kill = kills.iter().position(|kill| one.first <= *kill && *kill <= one.again);
        let kill = kill.expect("a delivery was sent twice with no kill between: the host did that by itself");
        by_kill[kill] += 1;
        oldest = oldest.max(kills[kill] - one.first);
    }
    let worst = by_kill.iter().max().copied().unwrap_or_default();
    eprintln!(
        "{} requests, {} of them duplicates, at most {worst} by one kill, the oldest sent {oldest:?} before it",
        sink.count(),
        twice.len(),
    );
    assert!(worst <= BOUND, "a kill caused {worst} duplicates, more than {BOUND}");
}

/// What an ordered subscription of one poster received came in the order of its posts, but for repetitions.
#[track_caller]
pub(super) fn check_order(sink: &Sink, path: &str) {
    let (mut seen, mut last) = (HashSet::new(), 0);
    sink.look(|all| {
        for one in all.iter().filter(|one| one.path == path && one.is_taken()) {
            let number = one.json()["body"].as_u64().expect("a number");
            if seen.insert(number) {
                assert!(number >= last, "{number} came after {last}");
                last = number;
            }
        }
    });
    assert!(seen.len() > 100, "only {} arrived in order", seen.len());
}

/// Nothing that was sent for later came before its time.
#[track_caller]
pub(super) fn check_appointments(sink: &Sink, appointments: &[Appointment]) {
    let (now, wall) = (Instant::now(), SystemTime::now());
    let due: HashMap<&str, u64> =
        appointments.iter().flat_map(|(ids, at)| ids.iter().map(|id| (id.as_str(), *at))).collect();
    assert!(!due.is_empty(), "nothing was sent for later");
    sink.look(|all| {
        for one in all {
            let Some(due) = due.get(one.webhook_id()) else { continue };
            let due = SystemTime::UNIX_EPOCH + Duration::from_secs(*due);
            let came = wall - (now - one.at);
            assert!(came >= due, "{} came {:?} too early", one.webhook_id(), due.duration_since(came));
        }
    });
}
