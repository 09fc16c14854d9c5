//! Rounds: RAW, the hosts, RAW again; one in which the machine did not stand still is done again.

use anyhow::{Result, ensure};
use nuncio_benches::host::Program;

use crate::{
    figures::Round,
    measure::{CONNECTIONS, Stage, measure},
    outside::Outside,
    point::Point,
    raw::{self, Bare, Ceiling},
};

/// The share by which the RAWs of a round may differ.
pub(crate) const STILL: f64 = 0.2;
/// How often the rounds of a point are done again. After that they count, and are marked.
const AGAIN: usize = 1;

/// How the rounds of a point are done.
#[derive(Clone, Copy)]
pub(crate) struct Plan<'a> {
    /// How many.
    pub(crate) count: usize,
    /// The program under test.
    pub(crate) nuncio: &'a Program,
    /// Whether z is measured too.
    pub(crate) null: bool,
}

/// The rounds at `point`.
///
/// # Errors
/// Those of the measurements.
pub(crate) fn rounds(
    stage: &Stage<'_>,
    plan: Plan<'_>,
    outside: &mut Outside,
    point: &Point,
) -> Result<Vec<Round>> {
    let mut rounds = Vec::with_capacity(plan.count);
    let mut discarded = 0;
    while rounds.len() < plan.count {
        let round = round(stage, plan, outside, point)?;
        if round.differ > STILL && discarded < AGAIN {
            discarded += 1;
            let percent = round.differ * 100.0;
            eprintln!("{}: a round is done again, RAW changed by {percent:.0} % meanwhile", point.name);
        } else {
            rounds.push(round);
        }
    }
    Ok(rounds)
}

fn round(stage: &Stage<'_>, plan: Plan<'_>, outside: &mut Outside, point: &Point) -> Result<Round> {
    let before = ceiling(stage, outside, point)?;
    let null =
        plan.null.then(|| measure(&Stage { perf: None, ..*stage }, &Program::Own("null"), outside, point));
    let null = null.transpose()?;
    let sqlite = measure(stage, plan.nuncio, outside, point)?;
    let after = ceiling(stage, outside, point)?;
    let raw = Ceiling {
        rate: f64::midpoint(before.rate, after.rate),
        cpu: f64::midpoint(before.cpu, after.cpu),
        posts: before.posts + after.posts,
    };
    let differ = (before.rate - after.rate).abs() / before.rate.max(after.rate);
    Ok(Round { raw, differ, null, sqlite })
}

fn ceiling(stage: &Stage<'_>, outside: &mut Outside, point: &Point) -> Result<Ceiling> {
    outside.reset()?;
    let bare = Bare {
        to: outside.addresses()[0],
        connections: CONNECTIONS,
        seconds: (stage.seconds / 2.0).max(1.0),
        body_bytes: point.body_bytes,
        root: stage.root.map(Into::into),
    };
    let ceiling = raw::measure(stage.cores, &bare)?;
    let (received, posts) = (outside.count()?, ceiling.posts);
    ensure!(received == posts, "the sink does not count right: {received} of RAW's {posts} POSTs");
    Ok(ceiling)
}
