//! A host that runs.

use std::{
    io::{BufRead as _, BufReader},
    net::SocketAddr,
    process::{ChildStdout, Command, Stdio},
};

use anyhow::{Context as _, Result, ensure};
use rustix::process::Signal;

use super::{Program, Setup, http};
use crate::machine::{Cores, Ended, Usage, now_ns, pinned};

/// The queue that is posted to.
const QUEUE: &str = "benchmark";

/// A running host.
#[derive(Debug)]
pub struct UnderTest {
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
    pub fn start(cores: Cores, program: &Program, setup: &Setup) -> Result<Self> {
        Self::spawn(cores, program.serve(&setup.configuration())?)
    }

    /// Starts a `command` that says where it listens as the host does, on the subject's core.
    ///
    /// # Errors
    /// When it does not start.
    pub fn spawn(cores: Cores, mut command: Command) -> Result<Self> {
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
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// The process.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.child.0.id()
    }

    /// The queue that is posted to.
    #[must_use]
    pub const fn queue(&self) -> &'static str {
        QUEUE
    }

    /// From its start until it listened, milliseconds.
    #[must_use]
    pub const fn started_ms(&self) -> f64 {
        self.started_ms
    }

    /// What it has used.
    ///
    /// # Errors
    /// When it has ended.
    pub fn usage(&self) -> Result<Usage> {
        Usage::of(self.pid())
    }

    /// Subscribes `uri` to the queue.
    ///
    /// # Errors
    /// When it is refused.
    pub fn subscribe(&self, uri: &str) -> Result<()> {
        let body = format!("{{\"subscriber\": \"{uri}\", \"ttl\": 864000, \"options\": {{}}}}");
        let path = format!("/v2/queues/{QUEUE}/subscriptions");
        let (status, answer) = self.ask("POST", &path, &body)?;
        ensure!(status == 201, "subscribing {uri}: {status} {answer}");
        Ok(())
    }

    /// The sum of the series of a metric; 0 of one that is not there.
    ///
    /// # Errors
    /// When it does not answer.
    pub fn metric(&self, name: &str) -> Result<f64> {
        let (_, text) = self.ask("GET", "/metrics", "")?;
        let lines = text.lines().filter_map(|line| line.strip_prefix(name));
        let series = lines.filter(|rest| rest.starts_with([' ', '{']));
        Ok(series.filter_map(|rest| rest.rsplit(' ').next()?.parse::<f64>().ok()).sum())
    }

    /// Sends one request; status and body of the answer.
    ///
    /// # Errors
    /// When there is no answer.
    pub fn ask(&self, method: &str, path: &str, body: &str) -> Result<(u16, String)> {
        http::request(self.address, method, path, body)
    }

    /// Asks it to stop, and waits until it has.
    ///
    /// # Errors
    /// When it does not end well.
    pub fn stop(mut self) -> Result<()> {
        self.child.signal(Signal::TERM);
        let status = self.child.0.wait()?;
        ensure!(status.success(), "the host ended with {status}");
        Ok(())
    }
}
