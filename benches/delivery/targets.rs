//! What was aimed at, and what came out.

use std::fmt::Write as _;

use nuncio_benches::short;
use serde::Serialize;

use crate::{ballast::Weights, figures::Round, table::Measured};

/// One aim.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Aim {
    what: String,
    figure: f64,
    target: f64,
    floor: f64,
    unit: &'static str,
}

impl Aim {
    fn new(what: &str, figure: f64, (target, floor): (f64, f64), unit: &'static str) -> Self {
        Self { what: what.to_owned(), figure, target, floor, unit }
    }

    fn verdict(&self) -> &'static str {
        let Self { figure, target, floor, .. } = *self;
        let reaches = |aim: f64| if target > floor { figure >= aim } else { figure <= aim };
        match (reaches(target), reaches(floor)) {
            (true, _) => "reached",
            (false, true) => "above the floor",
            (false, false) => "**missed**",
        }
    }
}

/// All that a run has figures for.
pub(crate) fn aims(points: &[Measured], weights: Option<&Weights>, binary: u64) -> Vec<Aim> {
    let mut aims = Vec::new();
    rates(points, &mut aims);
    hanging(points, &mut aims);
    if let Some(base) = find(points, "base") {
        let sqlite = |value: fn(&Round) -> f64| base.spread(|round| Some(value(round))).map(|it| it.median);
        let idle = sqlite(|round| round.sqlite.idle as f64 / 1e6);
        aims.extend(idle.map(|idle| Aim::new("idle host", idle, (15.0, 30.0), "MB")));
        let start = sqlite(|round| round.sqlite.started_ms);
        aims.extend(start.map(|start| Aim::new("start, empty", start, (100.0, 300.0), "ms")));
    }
    if let Some(weights) = weights {
        aims.push(Aim::new("an idle subscription", weights.subscription, (256.0, 1000.0), "B"));
        aims.push(Aim::new("20,000 deliveries under way", weights.hot / 1e6, (64.0, 128.0), "MB"));
        if let Some(most) = weights.hosts.last() {
            let seconds = most.figures.started_ms / 1000.0;
            let what = "start with 10^6 subscriptions and 10^6 deferred";
            aims.push(Aim::new(what, seconds, (1.0, 5.0), "s"));
        }
    }
    aims.push(Aim::new("the program, stripped", binary as f64 / 1e6, (25.0, 40.0), "MB"));
    aims
}

fn rates(points: &[Measured], aims: &mut Vec<Aim>) {
    let mut add = |point: &str, what: &str, value: fn(&Round) -> Option<f64>, aim, unit| {
        let spread = find(points, point).and_then(|measured| measured.spread(value));
        aims.extend(spread.map(|spread| Aim::new(what, spread.median, aim, unit)));
    };
    let over_raw = |round: &Round| Some(round.over_raw());
    let cpu = |round: &Round| Some(round.cpu_over_raw());
    let commits = |round: &Round| Some(round.sqlite.commits / round.sqlite.full.received as f64);
    add("fan-out 1", "over RAW, fan-out 1, single posts", over_raw, (0.3, 0.2), "");
    add("batch 20, fan-out 1", "over RAW, fan-out 1, 20 a post", over_raw, (0.6, 0.4), "");
    add("base", "over RAW, fan-out 10", over_raw, (0.8, 0.55), "");
    add("fan-out 100", "over RAW, fan-out 100", over_raw, (0.95, 0.75), "");
    add("fan-out 1", "over z, fan-out 1", Round::over_null, (0.9, 0.7), "");
    add("base", "over z, fan-out 10", Round::over_null, (0.9, 0.7), "");
    add("fan-out 100", "over z, fan-out 100", Round::over_null, (0.9, 0.7), "");
    add("base", "CPU over RAW's, fan-out 10", cpu, (1.4, 2.0), "");
    add("fan-out 100", "CPU over RAW's, fan-out 100", cpu, (1.1, 1.5), "");
    add("base", "fsync a delivery, fan-out 10", commits, (0.01, 0.05), "");
}

fn hanging(points: &[Measured], aims: &mut Vec<Aim>) {
    let p99 = |name: &str| {
        let spread = find(points, name)?.spread(|round| Some(round.sqlite.half.arrival.p99))?;
        Some(spread.median)
    };
    if let (Some(without), Some(with)) = (p99("hanging 0 of 100"), p99("hanging 10 of 100")) {
        // What did not arrive failed the run.
        aims.push(Aim::new("healthy traffic delivered, 10 of 100 hanging", 100.0, (100.0, 99.999), "%"));
        aims.push(Aim::new("its p99 over that without", with / without, (2.0, 5.0), ""));
    }
}

fn find<'a>(points: &'a [Measured], name: &str) -> Option<&'a Measured> {
    points.iter().find(|measured| measured.point.name == name)
}

/// The aims as a table.
pub(crate) fn table(aims: &[Aim]) -> String {
    let mut text = String::from("| | figure | target | floor | |\n|---|---|---|---|---|\n");
    for aim in aims {
        let Aim { what, figure, target, floor, unit } = aim;
        let (figure, verdict) = (short(*figure), aim.verdict());
        writeln!(text, "| {what} | {figure} {unit} | {target} | {floor} | {verdict} |").ok();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_reaches_its_target_from_the_right_side() {
        let verdict = |figure, aim| Aim::new("", figure, aim, "").verdict();
        assert_eq!(verdict(0.31, (0.3, 0.2)), "reached");
        assert_eq!(verdict(0.25, (0.3, 0.2)), "above the floor");
        assert_eq!(verdict(0.1, (0.3, 0.2)), "**missed**");
        assert_eq!(verdict(1.3, (1.4, 2.0)), "reached");
        assert_eq!(verdict(2.1, (1.4, 2.0)), "**missed**");
    }
}
