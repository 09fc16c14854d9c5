//! What the sink received, held against what was acknowledged and when the host was killed.

use std::{
    collections::{BTreeSet, HashMap},
    time::{Duration, Instant},
};

use nuncio_tests::{Received, Sink};

/// Nothing more is under way at once, and nothing more is undurable (`max_in_flight`, `undurable_outcomes`).
const BOUND: usize = 1024 + 4096;

/// The messages that some path has not taken yet.
pub(super) fn missing(sink: &Sink, paths: &[&str], acknowledged: &BTreeSet<u64>) -> usize {
    let mut taken: HashMap<&str, BTreeSet<u64>> = HashMap::new();
    sink.look(|all| {
        for one in all.iter().filter(|one| one.answered == Some(204)) {
            let path = paths.iter().find(|path| **path == one.path).expect("a path of ours");
            taken.entry(path).or_default().extend(one.json()["body"].as_u64());
        }
    });
    let none = BTreeSet::new();
    paths.iter().map(|path| acknowledged.difference(taken.get(path).unwrap_or(&none)).count()).sum()
}

/// A delivery that was taken again: when it was taken before, and when again.
struct Twice {
    first: Instant,
    again: Instant,
}

fn twice(all: &[Received]) -> Vec<Twice> {
    let mut last: HashMap<&str, Instant> = HashMap::new();
    let taken = all.iter().filter(|one| one.answered == Some(204));
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
