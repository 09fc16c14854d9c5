//! Where the CPU of a process goes: perf(1).

use std::{
    path::Path,
    process::{Command, Stdio},
};

use anyhow::{Context as _, Result};
use rustix::process::Signal;

use super::Ended;

/// A `perf record` that looks at a process.
#[derive(Debug)]
pub struct Perf(Ended);

impl Perf {
    /// Begins to look at the process `pid`, for `perf report -i file`.
    ///
    /// # Errors
    /// When there is no perf.
    pub fn record(pid: u32, file: &Path) -> Result<Self> {
        let mut perf = Command::new("perf");
        perf.args(["record", "--quiet", "-F", "499", "-g", "-p", &pid.to_string(), "-o"]).arg(file);
        Ok(Self(Ended(perf.stdout(Stdio::null()).spawn().context("running perf")?)))
    }

    /// Ends, and waits until the file is written.
    ///
    /// # Errors
    /// When it cannot be waited for.
    pub fn finish(mut self) -> Result<()> {
        self.0.signal(Signal::INT);
        self.0.0.wait()?;
        Ok(())
    }
}
