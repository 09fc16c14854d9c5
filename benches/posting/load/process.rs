//! The parent's side of the process.

use std::{
    io::Read as _,
    process::{Command, Stdio},
};

use anyhow::{Context as _, Result, ensure};
use nuncio_benches::machine::{Cores, Ended, pinned};

use super::order::{Loaded, Order};

/// Carries out `order` on the core of the world outside.
///
/// # Errors
/// When an answer is not as it should be, or a message is lost or doubled.
pub(crate) fn measure(cores: Cores, order: &Order) -> Result<Loaded> {
    let mut program = Command::new(std::env::current_exe()?);
    program.arg("load").arg(serde_json::to_string(order)?);
    program.stdin(Stdio::null()).stdout(Stdio::piped());
    let mut child = pinned(cores.outside, || Ok(Ended(program.spawn()?)))?;
    let mut text = String::new();
    child.0.stdout.take().context("piped")?.read_to_string(&mut text)?;
    let status = child.0.wait()?;
    ensure!(status.success(), "the load generator ended with {status}: why stands above");
    serde_json::from_str(&text).with_context(|| format!("the load generator said `{text}`"))
}
