//! Rounds: the echo, the disk, the host, the echo again.

use std::path::Path;

use anyhow::Result;
use nuncio_benches::{
    host::{Program, Setup, UnderTest},
    machine::{Cores, pinned},
};

use crate::{
    canned::Canned,
    figures::Round,
    load::{self, Loaded, Order},
    point::Point,
    sync,
};

/// The share by which the echoes of a round may differ.
pub(crate) const STILL: f64 = 0.2;
/// Seconds under load before anything is measured.
const WARM: f64 = 0.5;
/// How long an echo and the disk are measured, over the host.
const ECHO: f64 = 0.6;
const SYNC: f64 = 0.3;

/// What stands around a measurement.
#[derive(Clone, Copy)]
pub(crate) struct Stage<'a> {
    pub(crate) cores: Cores,
    pub(crate) folder: &'a Path,
    /// The program under test.
    pub(crate) nuncio: &'a Program,
    /// How long the host is under load, seconds.
    pub(crate) seconds: f64,
    /// Where `perf record` writes.
    pub(crate) perf: Option<&'a Path>,
}

/// The rounds at `point`.
///
/// # Errors
/// Those of the measurements, and when a message is lost or doubled.
pub(crate) fn rounds(stage: &Stage<'_>, count: usize, point: &Point) -> Result<Vec<Round>> {
    let canned = Canned::of(stage.cores, stage.nuncio, stage.folder, point)?;
    (0..count).map(|_| round(stage, &canned, point)).collect()
}

fn round(stage: &Stage<'_>, canned: &Canned, point: &Point) -> Result<Round> {
    let before = echo(stage, canned, point)?;
    let sync = pinned(stage.cores.subject, || sync::measure(stage.folder, stage.seconds * SYNC))?;
    let (host, commits) = host(stage, point)?;
    let after = echo(stage, canned, point)?;
    let differ = (before.rate() - after.rate()).abs() / before.rate().max(after.rate());
    Ok(Round { echo: before.and(&after), differ, sync, host, commits })
}

fn echo(stage: &Stage<'_>, canned: &Canned, point: &Point) -> Result<Loaded> {
    let echo = UnderTest::spawn(stage.cores, canned.echo()?)?;
    let order = Order { work: point.work.beside(), ..order(&echo, point, stage.seconds * ECHO) };
    load::measure(stage.cores, &order)
}

fn host(stage: &Stage<'_>, point: &Point) -> Result<(Loaded, f64)> {
    // So that all messages are listed at the end in not too many requests.
    let setup = Setup::new(stage.folder, &[("queues", "max_messages_per_page = 1000".to_owned())])?;
    let host = UnderTest::start(stage.cores, stage.nuncio, &setup)?;
    let order = Order {
        prefilled: point.prefilled,
        counted: true,
        perf: stage.perf.map(Into::into),
        ..order(&host, point, stage.seconds)
    };
    let loaded = load::measure(stage.cores, &order)?;
    let commits = host.metric("nuncio_commits_total")?;
    host.stop()?;
    Ok((loaded, commits))
}

fn order(server: &UnderTest, point: &Point, seconds: f64) -> Order {
    Order {
        to: server.address(),
        pid: server.pid(),
        work: point.work,
        body_bytes: point.body_bytes,
        warm: WARM,
        seconds,
        prefilled: 0,
        counted: false,
        perf: None,
    }
}
