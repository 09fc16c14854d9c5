//! One round of one host at one point.

use std::{
    path::Path,
    process::{Command, Stdio},
};

use anyhow::{Context as _, Result, ensure};
use rustix::process::Signal;

use crate::{
    figures::Figures,
    host::{Program, Setup, UnderTest},
    machine::{Cores, Ended},
    outside::{Load, Loaded, Outside, Pace},
    point::Point,
};

/// Connections to the host, and of the bare client to the sink.
pub(crate) const CONNECTIONS: usize = 64;
/// The most deliveries owed under full load: well below what the host keeps in memory (`delivery.hot_deliveries`), so
/// that what is measured is a flow and not a backlog.
const OWED: u64 = 8192;
/// Seconds under load before anything is measured.
const WARM: f64 = 1.0;

/// What stands around a measurement.
pub(crate) struct Stage<'a> {
    pub(crate) cores: Cores,
    pub(crate) folder: &'a Path,
    pub(crate) root: Option<&'a Path>,
    pub(crate) seconds: f64,
    pub(crate) perf: Option<&'a Path>,
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
    let setup = Setup::new(stage.folder, stage.root)?;
    let host = UnderTest::start(stage.cores, program, &setup)?;
    let idle = host.usage()?.resident;
    let sink = outside.addresses()[0];
    let scheme = if point.tls { "https" } else { "http" };
    for subscriber in 0..point.fan_out {
        host.subscribe(&format!("{scheme}://{sink}{}", point.behaviour().path(subscriber)))?;
    }
    let load = |pace, seconds| Load {
        host: host.address(),
        queue: host.queue().to_owned(),
        pace,
        seconds,
        connections: CONNECTIONS,
        batch: point.batch,
        body_bytes: point.body_bytes,
        fan_out: point.fan_out as u64,
    };
    whole(outside.load(load(Pace::Closed(OWED), WARM))?)?;
    let (before, commits) = (host.usage()?, host.metric("nuncio_commits_total")?);
    let perf = stage.perf.map(|file| record(host.pid(), file)).transpose()?;
    let full = whole(outside.load(load(Pace::Closed(OWED), stage.seconds))?)?;
    let after = host.usage()?;
    perf.map(finish).transpose()?;
    let commits = host.metric("nuncio_commits_total")? - commits;
    let rate = full.messages as f64 / full.seconds;
    let half = whole(outside.load(load(Pace::Open(rate / 2.0), stage.seconds * 0.6))?)?;
    let started_ms = host.started_ms();
    host.stop()?;
    let (cpu, written) = Figures::used(before, after);
    Ok(Figures { full, half, cpu, commits, written, resident: after.resident, started_ms, idle })
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

fn record(pid: u32, file: &Path) -> Result<Ended> {
    let mut perf = Command::new("perf");
    perf.args(["record", "--quiet", "-F", "499", "--call-graph", "fp", "-p", &pid.to_string(), "-o"])
        .arg(file);
    Ok(Ended(perf.stdout(Stdio::null()).spawn().context("running perf")?))
}

fn finish(mut perf: Ended) -> Result<()> {
    perf.signal(Signal::INT);
    perf.0.wait()?;
    Ok(())
}
