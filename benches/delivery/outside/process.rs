//! The parent's side of the process.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    net::SocketAddr,
    path::Path,
    process::{ChildStdin, ChildStdout, Command as Program, Stdio},
};

use anyhow::{Context as _, Result, bail};
use nuncio_benches::machine::{Cores, Ended, pinned};

use super::command::{Answer, Ballast, Command, Load, Loaded};

/// The world around the host, at work.
#[derive(Debug)]
pub(crate) struct Outside {
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    addresses: Vec<SocketAddr>,
    _child: Ended,
}

impl Outside {
    /// Starts it, listening on `ports` ports, by TLS with the certificate and key in the file `tls`.
    ///
    /// # Errors
    /// When it does not start.
    pub(crate) fn start(cores: Cores, ports: usize, tls: Option<&Path>) -> Result<Self> {
        let mut program = Program::new(std::env::current_exe()?);
        program.args(["outside", "--ports", &ports.to_string()]);
        program.args(tls.map(|pem| format!("--tls={}", pem.display())));
        program.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = pinned(cores.outside, || Ok(Ended(program.spawn()?)))?;
        let input = child.0.stdin.take().context("piped")?;
        let output = BufReader::new(child.0.stdout.take().context("piped")?);
        let mut outside = Self { input, output, addresses: Vec::new(), _child: child };
        let Answer::Listening(addresses) = outside.hear()? else { bail!("the sink does not listen") };
        outside.addresses = addresses;
        Ok(outside)
    }

    /// Where the sink listens.
    pub(crate) fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// Forgets what has arrived.
    ///
    /// # Errors
    /// When it has ended.
    pub(crate) fn reset(&mut self) -> Result<()> {
        match self.ask(&Command::Reset)? {
            Answer::Reset => Ok(()),
            other => bail!("a reset was answered {other:?}"),
        }
    }

    /// Forgets what has arrived, posts a load, and waits until it has arrived.
    ///
    /// # Errors
    /// When the host does not answer, or answers anything but that it took the messages.
    pub(crate) fn load(&mut self, load: Load) -> Result<Loaded> {
        self.reset()?;
        match self.ask(&Command::Load(load))? {
            Answer::Loaded(loaded) => Ok(loaded),
            other => bail!("a load was answered {other:?}"),
        }
    }

    /// Fills `host` with what only lies there.
    ///
    /// # Errors
    /// When the host refuses it.
    pub(crate) fn ballast(&mut self, host: SocketAddr, what: Ballast) -> Result<()> {
        match self.ask(&Command::Fill(host, what))? {
            Answer::Filled => Ok(()),
            other => bail!("ballast was answered {other:?}"),
        }
    }

    /// How many deliveries have arrived since the last reset.
    ///
    /// # Errors
    /// When it has ended.
    pub(crate) fn count(&mut self) -> Result<u64> {
        match self.ask(&Command::Count)? {
            Answer::Counted(count) => Ok(count),
            other => bail!("a count was answered {other:?}"),
        }
    }

    fn ask(&mut self, command: &Command) -> Result<Answer> {
        writeln!(self.input, "{}", serde_json::to_string(command)?)?;
        self.hear()
    }

    fn hear(&mut self) -> Result<Answer> {
        let mut line = String::new();
        self.output.read_line(&mut line)?;
        serde_json::from_str(&line).with_context(|| format!("sink and load generator said `{line}`"))
    }
}
