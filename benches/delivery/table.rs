//! Points as tables: a row for each, `median (least to most)` of its rounds.

use nuncio_benches::{Column, Spread};
use serde::Serialize;

use crate::{
    figures::{Figures, Round},
    point::Point,
    rounds::STILL,
};

/// A point with its rounds.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Measured {
    pub(crate) point: Point,
    pub(crate) rounds: Vec<Round>,
}

/// How fast, as shares.
pub(crate) const SHARES: [Column<Round>; 6] = [
    ("deliveries/s over RAW", |round| Some(round.over_raw())),
    ("over z", Round::over_null),
    ("over z, by CPU", Round::over_null_by_cpu),
    ("CPU of a delivery over RAW's", |round| Some(round.cpu_over_raw())),
    ("of which z", |round| Some(round.null.as_ref()?.cpu_a_delivery() / round.raw.cpu)),
    ("commits a delivery", |round| Some(a_delivery(&round.sqlite, round.sqlite.commits))),
];

/// How long at half load, and what is written and held.
pub(crate) const TIMES: [Column<Round>; 6] = [
    ("POST p50, ms", |round| Some(round.sqlite.half.post.p50)),
    ("p99", |round| Some(round.sqlite.half.post.p99)),
    ("POST to arrival p50, ms", |round| Some(round.sqlite.half.arrival.p50)),
    ("p99", |round| Some(round.sqlite.half.arrival.p99)),
    ("bytes written a delivery", |round| Some(a_delivery(&round.sqlite, round.sqlite.written as f64))),
    ("RSS, MB", |round| Some(round.sqlite.resident as f64 / 1e6)),
];

/// What holds for one machine only.
pub(crate) const ABSOLUTE: [Column<Round>; 6] = [
    ("RAW, POSTs/s", |round| Some(round.raw.rate)),
    ("its CPU, us", |round| Some(round.raw.cpu * 1e6)),
    ("z, deliveries/s", |round| Some(round.null.as_ref()?.rate())),
    ("Nuncio, deliveries/s", |round| Some(round.sqlite.rate())),
    ("its CPU a delivery, us", |round| Some(round.sqlite.cpu_a_delivery() * 1e6)),
    ("a message", |round| Some(round.sqlite.cpu / round.sqlite.full.messages as f64 * 1e6)),
];

/// One table; a point at which the machine did not stand still is marked.
pub(crate) fn table(points: &[Measured], columns: &[Column<Round>]) -> String {
    let rows = points.iter().map(|measured| {
        let restless = measured.rounds.iter().any(|round| round.differ > STILL);
        let mark = if restless { " \\*" } else { "" };
        (format!("{}{mark}", measured.point.name), &*measured.rounds)
    });
    nuncio_benches::table(rows, columns)
}

impl Measured {
    /// What the rounds say.
    pub(crate) fn spread(&self, value: impl Fn(&Round) -> Option<f64>) -> Option<Spread> {
        Spread::of(self.rounds.iter().filter_map(value))
    }
}

fn a_delivery(figures: &Figures, what: f64) -> f64 {
    what / figures.full.received as f64
}
