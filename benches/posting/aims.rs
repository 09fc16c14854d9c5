//! What was aimed at, and what fails the short form.

use anyhow::{Result, ensure};
use nuncio_benches::{Spread, short};

use crate::{figures::Round, point::Point, rounds::STILL, table::Measured};

/// The least share of the echo's POSTs a second that is aimed at.
const SHARE: f64 = 0.5;
/// The share below which the short form fails: well below what is reached today, and above what a host would reach that
/// does twice the work.
const LEAST: f64 = 0.12;
/// The most of a POST's 99th percentile over the disk's that is aimed at.
const SYNCS: f64 = 4.0;

/// What came out beside what was aimed at.
pub(crate) fn text(points: &[Measured]) -> String {
    let Some(single) = single(points) else { return String::new() };
    let line = |what: &str, spread: Option<Spread>, aim: &str, reached: fn(f64) -> bool| {
        let Some(spread) = spread else { return String::new() };
        let verdict = if reached(spread.median) { "reached" } else { "**missed**" };
        format!("| {what} | {} | {aim} | {verdict} |\n", short(spread.median))
    };
    format!(
        "| | figure | aim | |\n|---|---|---|---|\n{}{}",
        line("single POSTs/s over the echo's", single.spread(Round::over_echo), "at least 0.5", |it| it
            >= SHARE),
        line("p99 of a single POST over the disk's", single.spread(Round::over_sync), "at most 4", |it| it
            <= SYNCS),
    )
}

/// Whether single posts are not far too slow. A lost or doubled message has failed the run before.
///
/// On a machine that did not stand still rates say nothing, and CPU is looked at instead.
///
/// # Errors
/// Says how slow they are.
pub(crate) fn check(points: &[Measured]) -> Result<()> {
    let Some(single) = single(points) else { return Ok(()) };
    let restless = single.rounds.iter().any(|round| round.differ > STILL);
    let by_cpu: fn(&Round) -> f64 = |round| 1.0 / round.cpu_over_echo();
    let share = single.spread(if restless { by_cpu } else { Round::over_echo });
    let share = share.map_or(0.0, |share| share.median);
    ensure!(share >= LEAST, "single posts: {share:.2} of what the echo takes; at least {LEAST}");
    Ok(())
}

fn single(points: &[Measured]) -> Option<&Measured> {
    points.iter().find(|measured| measured.point.name == Point::SINGLE)
}
