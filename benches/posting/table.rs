//! Points as tables.

use nuncio_benches::{Column, Spread};

use crate::{figures::Round, point::Point, rounds::STILL};

/// A point with its rounds.
#[derive(Clone, Debug)]
pub(crate) struct Measured {
    pub(crate) point: Point,
    pub(crate) rounds: Vec<Round>,
}

/// What counts.
pub(crate) const SHARES: [Column<Round>; 4] = [
    ("a second, over the echo's", |round| Some(round.over_echo())),
    ("CPU, over the echo's", |round| Some(round.cpu_over_echo())),
    ("p99, over the disk's", |round| Some(round.over_sync())),
    ("commits for each", |round| Some(round.commits / round.host.all as f64)),
];

/// What holds for one machine only.
pub(crate) const ABSOLUTE: [Column<Round>; 9] = [
    ("echo, a second", |round| Some(round.echo.rate())),
    ("its CPU, us", |round| Some(round.echo.cpu_a_request() * 1e6)),
    ("of a core", |round| Some(round.echo.cpu / round.echo.seconds)),
    ("Nuncio, a second", |round| Some(round.host.rate())),
    ("its CPU, us", |round| Some(round.host.cpu_a_request() * 1e6)),
    ("of a core", |round| Some(round.host.cpu / round.host.seconds)),
    ("p50, ms", |round| Some(round.host.times.p50)),
    ("p99", |round| Some(round.host.times.p99)),
    ("disk p99, ms", |round| Some(round.sync.p99)),
];

/// One table; a point at which the machine did not stand still is marked.
pub(crate) fn table(points: &[Measured], columns: &[Column<Round>]) -> String {
    let rows = points.iter().map(|measured| {
        let restless = measured.rounds.iter().any(|round| round.differ > STILL);
        let mark = if restless { " \\*" } else { "" };
        (format!("{}{mark}", measured.point.title), &*measured.rounds)
    });
    nuncio_benches::table(rows, columns)
}

impl Measured {
    /// What the rounds say.
    pub(crate) fn spread(&self, value: impl Fn(&Round) -> f64) -> Option<Spread> {
        Spread::of(self.rounds.iter().map(value))
    }
}
