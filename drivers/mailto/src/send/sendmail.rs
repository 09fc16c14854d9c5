//! The `sendmail` program: the message on its input, the recipients as its arguments, one exit code for all of them.

use std::{process::Stdio, time::Duration};

use nuncio_plugin_sdk::{Report, Scope};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    process::{Child, ChildStderr, ChildStdin, Command},
    time::timeout,
};

use super::{Mail, reply::excerpt};

/// The most that is read of what the program says, in bytes.
const STDERR_BYTES: u64 = 2048;

/// How long its last words are waited for when it has exited.
const LAST_WORDS: Duration = Duration::from_millis(100);

/// The `sendmail` program and its arguments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Sendmail {
    program: String,
    arguments: Vec<String>,
}

impl Sendmail {
    /// Reads a command line, split at blanks. `-t` is dropped: it would take the recipients from the header.
    pub(crate) fn of(command: &str) -> Option<Self> {
        let mut words = command.split_whitespace().map(str::to_owned);
        let program = words.next()?;
        let arguments = words.filter_map(without_t).collect();
        Some(Self { program, arguments })
    }

    /// The arguments for `mail`.
    pub(crate) fn arguments(&self, mail: &Mail) -> Vec<String> {
        let envelope = ["-f".to_owned(), mail.sender.address.to_string(), "--".to_owned()];
        let recipients = mail.recipients.iter().map(ToString::to_string);
        self.arguments.iter().cloned().chain(envelope).chain(recipients).collect()
    }

    /// The program.
    pub(crate) fn program(&self) -> &str {
        &self.program
    }

    /// Sends `mail` within `left`; one report for all recipients.
    pub(crate) async fn send(&self, mail: &Mail, left: Duration) -> Report {
        let spawned = Command::new(&self.program)
            .args(self.arguments(mail))
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn();
        let child = match spawned {
            Ok(child) => child,
            Err(error) => {
                return Report::deferred(Scope::Account, format!("cannot run {}: {error}", self.program));
            }
        };
        match timeout(left, converse(child, &unix_lines(&mail.source))).await {
            Ok(Ok((code, said))) => self.report(code, &said),
            Ok(Err(error)) => {
                Report::deferred(Scope::Destination, format!("{} failed: {error}", self.program))
            }
            Err(_) => {
                let why = format!("{} was not done in time", self.program);
                Report::deferred(Scope::Destination, why).maybe_sent()
            }
        }
    }

    /// sysexits.h: what the exit code says.
    fn report(&self, code: Option<i32>, said: &str) -> Report {
        let Some(code) = code else {
            return Report::deferred(Scope::Destination, format!("{} was killed", self.program)).maybe_sent();
        };
        let why = format!("{} exited with {code}{}", self.program, name_of(code));
        let report = match code {
            0 => return Report::delivered(),
            // EX_DATAERR, EX_NOUSER, EX_NOHOST
            65 => Report::rejected(Scope::Message, why),
            67 | 68 => Report::rejected(Scope::Recipient, why),
            // EX_USAGE, EX_NOPERM, EX_CONFIG
            64 | 77 | 78 => Report::deferred(Scope::Account, why),
            _ => Report::deferred(Scope::Destination, why),
        };
        report.code(u32::try_from(code).unwrap_or_default()).excerpt(excerpt(said.trim()))
    }
}

/// The argument without the flag `-t`, also where it is written together with `-i`.
fn without_t(argument: String) -> Option<String> {
    match argument.as_str() {
        "-t" => None,
        "-ti" | "-it" => Some("-i".to_owned()),
        _ => Some(argument),
    }
}

/// The names of sysexits.h that a person may look up.
const fn name_of(code: i32) -> &'static str {
    match code {
        64 => " (EX_USAGE)",
        65 => " (EX_DATAERR)",
        67 => " (EX_NOUSER)",
        68 => " (EX_NOHOST)",
        69 => " (EX_UNAVAILABLE)",
        70 => " (EX_SOFTWARE)",
        71 => " (EX_OSERR)",
        73 => " (EX_CANTCREAT)",
        74 => " (EX_IOERR)",
        75 => " (EX_TEMPFAIL)",
        77 => " (EX_NOPERM)",
        78 => " (EX_CONFIG)",
        _ => "",
    }
}

/// The program reads text of this system, whose lines end in LF.
fn unix_lines(source: &[u8]) -> Vec<u8> {
    let follows = source.iter().skip(1).map(Some).chain([None]);
    source
        .iter()
        .zip(follows)
        .filter(|(byte, next)| !(**byte == b'\r' && *next == Some(&b'\n')))
        .map(|(b, _)| *b)
        .collect()
}

/// Gives the program the message and waits for it to exit; its exit code, and what it said.
async fn converse(mut child: Child, source: &[u8]) -> std::io::Result<(Option<i32>, String)> {
    let (input, errors) = (child.stdin.take(), child.stderr.take());
    let mut said = Vec::new();
    let status = {
        let listen = listen(errors, &mut said);
        let exit = async {
            feed(input, source).await?;
            child.wait().await
        };
        tokio::pin!(listen, exit);
        tokio::select! {
            status = &mut exit => {
                // Delivery in the background may keep the other end open long after the program's own exit.
                let _late: Result<(), _> = timeout(LAST_WORDS, listen).await;
                status?
            }
            () = &mut listen => exit.await?,
        }
    };
    Ok((status.code(), String::from_utf8_lossy(&said).into_owned()))
}

/// A program that has seen enough closes its input; its exit code says why.
async fn feed(input: Option<ChildStdin>, source: &[u8]) -> std::io::Result<()> {
    let Some(mut input) = input else { return Ok(()) };
    match input.write_all(source).await {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(error),
        _ => Ok(()),
    }
}

/// Keeps the beginning of what the program says. The rest is read and dropped, so that it does not wait for a reader.
async fn listen(errors: Option<ChildStderr>, said: &mut Vec<u8>) {
    let Some(errors) = errors else { return };
    let mut errors = errors.take(STDERR_BYTES);
    let whole = async {
        errors.read_to_end(said).await?;
        tokio::io::copy(errors.get_mut(), &mut tokio::io::sink()).await
    };
    if let Err(error) = whole.await {
        tracing::debug!(%error, "what sendmail says cannot be read");
    }
}

#[cfg(test)]
mod tests;
