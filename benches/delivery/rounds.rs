//! Rounds: RAW, the hosts, RAW again; one in which the machine did not stand still is done again.

use anyhow::{Result, bail};

use crate::{
    figures::Round,
    host::Program,
    measure::{CONNECTIONS, Stage, measure},
    outside::Outside,
    point::Point,
    raw::{self, Bare, Ceiling},
};

/// The share by which the RAWs of a round may differ.
const STILL: f64 = 0.2;
/// How often a round is done again before the run is given up.
const AGAIN: usize = 5;

/// `count` rounds at `point`.
///
/// # Errors
/// When the machine never stands still, and those of the measurements.
pub(crate) fn rounds(
    stage: &Stage<'_>,
    program: &Program,
    outside: &mut Outside,
    point: &Point,
    count: usize,
) -> Result<Vec<Round>> {
    let mut rounds = Vec::with_capacity(count);
    let mut discarded = 0;
    while rounds.len() < count {
        let before = ceiling(stage, outside, point)?;
        let sqlite = measure(stage, program, outside, point)?;
        let after = ceiling(stage, outside, point)?;
        let differ = (before.rate - after.rate).abs() / before.rate.max(after.rate);
        if differ <= STILL {
            let mean = |a: f64, b: f64| f64::midpoint(a, b);
            let raw = Ceiling {
                rate: mean(before.rate, after.rate),
                cpu: mean(before.cpu, after.cpu),
                posts: before.posts + after.posts,
            };
            rounds.push(Round { raw, sqlite });
            continue;
        }
        discarded += 1;
        eprintln!("{}: a round is done again, RAW changed by {:.0} % meanwhile", point.name, differ * 100.0);
        if discarded > AGAIN {
            bail!("{}: the machine does not stand still: end what else runs on it", point.name);
        }
    }
    Ok(rounds)
}

fn ceiling(stage: &Stage<'_>, outside: &mut Outside, point: &Point) -> Result<Ceiling> {
    outside.reset()?;
    let bare = Bare {
        to: outside.addresses()[0],
        connections: CONNECTIONS,
        seconds: (stage.seconds / 3.0).max(1.0),
        body_bytes: point.body_bytes,
        root: stage.root.map(Into::into),
    };
    let ceiling = raw::measure(stage.cores, &bare)?;
    let received = outside.count()?;
    if received != ceiling.posts {
        bail!("the sink does not count right: {received} of RAW's {} POSTs", ceiling.posts);
    }
    Ok(ceiling)
}
