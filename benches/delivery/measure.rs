//! One round of one host at one point.

use std::path::Path;

use anyhow::{Result, ensure};
use nuncio_benches::{
    host::{Program, Setup, UnderTest},
    machine::{Cores, Perf},
};

use crate::{
    figures::Figures,
    outside::{Load, Loaded, Outside, Pace},
    point::Point,
};

/// Connections to the host, and of the bare client to the sink.
pub(crate) const CONNECTIONS: usize = 64;
/// The most deliveries owed under full load: well below what the host keeps in memory (`delivery.hot_deliveries`), so
/// that what is measured is a flow and not a backlog.
const OWED: u64 = 8192;
/// The same in bytes (`delivery.hot_bytes`).
const OWED_BYTES: u64 = 32 << 20;
/// Seconds under load before anything is measured.
const WARM: f64 = 1.0;
/// A hanging endpoint's states, ten times as fast as by default, so that a run of seconds goes through them.
const QUICK: &str = "deadline = \"3s\"\nbreaker_span = \"3s\"\nprobe_min = \"3s\"";
/// How long half load takes, over full load.
const HALF: f64 = 0.7;

/// What stands around a measurement.
#[derive(Clone, Copy)]
pub(crate) struct Stage<'a> {
    pub(crate) cores: Cores,
    pub(crate) folder: &'a Path,
    /// The root that vouches for the sink's certificate.
    pub(crate) root: Option<&'a Path>,
    /// How long full load takes.
    pub(crate) seconds: f64,
    /// Where `perf record` writes.
    pub(crate) perf: Option<&'a Path>,
    /// Messages a second at half load; without it half of what full load was.
    pub(crate) rate: Option<f64>,
}

/// Starts `program` on an empty store, subscribes, and measures it.
///
/// # Errors
/// When it does not do what it is asked, or a delivery is lost or comes twice.
pub(crate) fn measure(
    stage: &Stage<'_>,
    program: &Program,
    outside: &mut Outside,
    point: &Point,
) -> Result<Figures> {
    let root = stage.root.map(|root| ("drivers.http", format!("ca_file = \"{}\"", root.display())));
    let quick = (point.endpoints > 1).then(|| ("delivery", QUICK.to_owned()));
    let setup = Setup::new(stage.folder, &root.into_iter().chain(quick).collect::<Vec<_>>())?;
    let host = UnderTest::start(stage.cores, program, &setup)?;
    subscribe(&host, outside, point)?;
    let figures = under_load(stage, &host, outside, point)?;
    host.stop()?;
    Ok(figures)
}

/// Subscribes the subscribers of `point`.
pub(crate) fn subscribe(host: &UnderTest, outside: &Outside, point: &Point) -> Result<()> {
    let scheme = if point.tls { "https" } else { "http" };
    for subscriber in 0..point.fan_out {
        let sink = outside.addresses()[subscriber % point.endpoints];
        host.subscribe(&format!("{scheme}://{sink}{}", point.behaviour(subscriber).path(subscriber)))?;
    }
    Ok(())
}

/// Measures a host that runs.
pub(crate) fn under_load(
    stage: &Stage<'_>,
    host: &UnderTest,
    outside: &mut Outside,
    point: &Point,
) -> Result<Figures> {
    let idle = host.usage()?.resident;
    let owed = OWED.min(OWED_BYTES / point.body_bytes as u64);
    let load = |pace, seconds| Load {
        host: host.address(),
        queue: host.queue().to_owned(),
        pace,
        seconds,
        most: u64::MAX,
        // What all connections post at once fits into the host's memory beside what is owed.
        connections: (OWED as usize / (point.batch * point.fan_out)).clamp(1, CONNECTIONS),
        batch: point.batch,
        body_bytes: point.body_bytes,
        fan_out: point.healthy() as u64,
    };
    whole(outside.load(load(Pace::Closed(owed), WARM))?)?;
    let (before, commits) = (host.usage()?, host.metric("nuncio_commits_total")?);
    let perf = stage.perf.map(|file| Perf::record(host.pid(), file)).transpose()?;
    let full = whole(outside.load(load(Pace::Closed(owed), stage.seconds))?)?;
    let after = host.usage()?;
    perf.map(Perf::finish).transpose()?;
    let commits = host.metric("nuncio_commits_total")? - commits;
    let rate = stage.rate.unwrap_or(full.messages as f64 / full.seconds / 2.0);
    let half = whole(outside.load(load(Pace::Open(rate), stage.seconds * HALF))?)?;
    Ok(Figures {
        full,
        half,
        half_rate: rate,
        cpu: after.cpu - before.cpu,
        commits,
        written: after.written - before.written,
        resident: after.resident,
        started_ms: host.started_ms(),
        idle,
    })
}

/// A load of which nothing was lost and nothing came twice.
fn whole(loaded: Loaded) -> Result<Loaded> {
    let Loaded { missing, duplicates, messages, .. } = loaded;
    ensure!(
        missing == 0 && duplicates == 0,
        "of {messages} messages {missing} deliveries were lost, {duplicates} came twice"
    );
    ensure!(messages > 0, "no message was taken");
    Ok(loaded)
}
