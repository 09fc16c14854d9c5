//! A host that runs.

use std::{
    io::{BufRead as _, BufReader},
    net::SocketAddr,
    process::{ChildStdout, Stdio},
};

use anyhow::{Context as _, Result, ensure};
use rustix::process::Signal;

use super::{Program, Setup, http};
use crate::machine::{Cores, Ended, Usage, now_ns, pinned};

/// The queue that is posted to.
const QUEUE: &str = "benchmark";

/// A running host.
#[derive(Debug)]
pub(crate) struct UnderTest {
    child: Ended,
    address: SocketAddr,
    started_ms: f64,
    _output: BufReader<ChildStdout>,
}

impl UnderTest {
    /// Starts `program` on the subject's core.
    ///
    /// # Errors
    /// When it does not start.
    pub(crate) fn start(cores: Cores, program: &Program, setup: &Setup) -> Result<Self> {
        let mut command = program.serve(&setup.configuration())?;
        command.stdin(Stdio::null()).stdout(Stdio::piped());
        let began = now_ns();
        let mut child = pinned(cores.subject, || Ok(Ended(command.spawn()?)))?;
        let mut output = BufReader::new(child.0.stdout.take().context("piped")?);
        let mut line = String::new();
        output.read_line(&mut line)?;
        let started_ms = (now_ns() - began) as f64 / 1e6;
        let address = line.trim().strip_prefix("listening on http://");
        let address = address.with_context(|| format!("the host said `{line}`"))?.parse()?;
        Ok(Self { child, address, started_ms, _output: output })
    }

    /// Where it listens.
    pub(crate) const fn address(&self) -> SocketAddr {
        self.address
    }

    /// The process.
    pub(crate) fn pid(&self) -> u32 {
        self.child.0.id()
    }

    /// The queue that is posted to.
    pub(crate) const fn queue(&self) -> &'static str {
        QUEUE
    }

    /// From its start until it listened, milliseconds.
    pub(crate) const fn started_ms(&self) -> f64 {
        self.started_ms
    }

    /// What it has used.
    ///
    /// # Errors
    /// When it has ended.
    pub(crate) fn usage(&self) -> Result<Usage> {
        Usage::of(self.pid())
    }

    /// Subscribes `uri` to the queue.
    ///
    /// # Errors
    /// When it is refused.
    pub(crate) fn subscribe(&self, uri: &str) -> Result<()> {
        let body = format!("{{\"subscriber\": \"{uri}\", \"ttl\": 864000, \"options\": {{}}}}");
        let path = format!("/v2/queues/{QUEUE}/subscriptions");
        let (status, answer) = http::request(self.address, "POST", &path, &body)?;
        ensure!(status == 201, "subscribing {uri}: {status} {answer}");
        Ok(())
    }

    /// The sum of the series of a metric; 0 of one that is not there.
    ///
    /// # Errors
    /// When it does not answer.
    pub(crate) fn metric(&self, name: &str) -> Result<f64> {
        let (_, text) = http::request(self.address, "GET", "/metrics", "")?;
        let lines = text.lines().filter_map(|line| line.strip_prefix(name));
        let series = lines.filter(|rest| rest.starts_with([' ', '{']));
        Ok(series.filter_map(|rest| rest.rsplit(' ').next()?.parse::<f64>().ok()).sum())
    }

    /// Asks it to stop, and waits until it has.
    ///
    /// # Errors
    /// When it does not end well.
    pub(crate) fn stop(mut self) -> Result<()> {
        self.child.signal(Signal::TERM);
        let status = self.child.0.wait()?;
        ensure!(status.success(), "the host ended with {status}");
        Ok(())
    }
}
