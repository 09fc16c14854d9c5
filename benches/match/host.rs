//! The real program, as a process of its own.

use std::{
    fs,
    io::{BufRead as _, BufReader},
    net::SocketAddr,
    path::Path,
    process::{Child, ChildStdout, Command, Stdio},
};

use anyhow::{Context as _, Result};
use rustix::{
    process::{Pid, Signal, kill_process},
    time::{ClockId, clock_gettime},
};

/// A running host; it is ended when it is dropped.
#[derive(Debug)]
pub(crate) struct Host {
    child: Child,
    /// Where it listens.
    pub(crate) address: SocketAddr,
    /// How long it took to listen.
    pub(crate) started_ms: f64,
    _output: BufReader<ChildStdout>,
}

impl Host {
    /// Starts `program` on the database `n.db` in `folder`.
    pub(crate) fn start(program: &Path, folder: &Path) -> Result<Self> {
        let configuration = folder.join("nuncio.toml");
        let database = folder.join("n.db");
        let text = format!(
            "[http]\nlisten = \"127.0.0.1:0\"\n[storage]\nurl = \"sqlite:{}\"\nindex_bytes = \"1 GiB\"\n\
             [log]\nlevel = \"warn\"\n",
            database.display()
        );
        fs::write(&configuration, text)?;
        let mut command = Command::new(program);
        command.args(["serve", "--config"]).arg(&configuration).stdin(Stdio::null()).stdout(Stdio::piped());
        let began = now_ms();
        let mut child = command.spawn().with_context(|| program.display().to_string())?;
        let mut output = BufReader::new(child.stdout.take().context("piped")?);
        let mut line = String::new();
        output.read_line(&mut line)?;
        let address = line.trim().strip_prefix("listening on http://");
        let address = address.with_context(|| format!("the host said `{line}`"))?.parse()?;
        Ok(Self { child, address, started_ms: now_ms() - began, _output: output })
    }

    /// CPU that it has used, in seconds: all threads, user and system (proc(5)).
    pub(crate) fn cpu(&self) -> Result<f64> {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.child.id()))?;
        // The name, in parentheses, may hold spaces.
        let rest = stat.rsplit_once(')').context("a process has a name")?.1;
        Ok(rest.split_whitespace().skip(11).take(2).flat_map(str::parse::<f64>).sum::<f64>() / 100.0)
    }

    /// Resident memory, bytes.
    pub(crate) fn resident(&self) -> Result<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let number = line.and_then(|line| line.split_whitespace().next()).context("no VmRSS")?;
        Ok(number.parse::<u64>()? * 1024)
    }

    /// Stops it in good order.
    pub(crate) fn stop(mut self) -> Result<()> {
        if let Some(pid) = Pid::from_raw(self.child.id().cast_signed()) {
            kill_process(pid, Signal::TERM)?;
        }
        self.child.wait()?;
        Ok(())
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

fn now_ms() -> f64 {
    let now = clock_gettime(ClockId::Monotonic);
    now.tv_sec as f64 * 1e3 + now.tv_nsec as f64 / 1e6
}
