//! One running process of a driver, with its pipes.

use std::{io, process::ExitStatus, sync::Arc, time::Duration};

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::{
    io::BufReader,
    process::{Child, ChildStdin, ChildStdout},
};

use super::{hearing::Hearing, lines::Lines, options::LINE_BYTES, stderr::Follower};

/// How long a process that ends may take for its last lines, and for being gone.
const LAST_LINES: Duration = Duration::from_secs(1);
/// How much of its stdout is read at once.
const READ: usize = 64 << 10;

/// The lines of its stdout.
pub(super) type Stdout = Lines<BufReader<ChildStdout>>;

/// One running process: killed with its group when it is dropped.
#[derive(Debug)]
pub(super) struct Process {
    child: Child,
    group: Group,
    stderr: Follower,
}

/// A process and its two pipes.
pub(super) struct Started {
    pub(super) process: Process,
    pub(super) stdin: ChildStdin,
    pub(super) stdout: Stdout,
}

impl Started {
    /// # Errors
    /// When the child is gone already or has not its three pipes.
    pub(super) fn of(mut child: Child, hearing: Arc<Hearing>) -> io::Result<Self> {
        let missing = || io::Error::other("the process is gone, or lacks a pipe");
        let group = child.id().and_then(|id| Pid::from_raw(id.try_into().ok()?)).map(Group);
        let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let stderr = Follower::of(stderr.ok_or_else(missing)?, hearing);
        let stdout = Lines::new(BufReader::with_capacity(READ, stdout.ok_or_else(missing)?), LINE_BYTES);
        let process = Process { child, group: group.ok_or_else(missing)?, stderr };
        Ok(Self { process, stdin: stdin.ok_or_else(missing)?, stdout })
    }
}

impl Process {
    /// How it ended, once it has.
    pub(super) async fn ended(&mut self) -> Option<ExitStatus> {
        self.child.wait().await.ok()
    }

    /// Kills it and all of its group.
    pub(super) fn kill(&self) {
        self.group.kill();
    }

    /// Waits a moment for it to end by itself and for its last lines, then kills what is left of it.
    ///
    /// `rest` reads its stdout to the end.
    pub(super) async fn wind_down(&mut self, rest: impl Future<Output = ()>) -> Option<ExitStatus> {
        let Self { child, stderr, .. } = self;
        let quietly = async { tokio::join!(rest, child.wait(), stderr.ended()) };
        if tokio::time::timeout(LAST_LINES, quietly).await.is_err() {
            tracing::debug!("a driver's process did not end by itself, or left others behind");
        }
        self.group.kill();
        tokio::time::timeout(LAST_LINES, self.child.wait()).await.ok()?.ok()
    }
}

/// A process group.
#[derive(Debug)]
struct Group(Pid);

impl Group {
    fn kill(&self) {
        if kill_process_group(self.0, Signal::KILL).is_err() {
            tracing::trace!("a driver's process group is gone already");
        }
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.kill();
    }
}

/// How a process ended, for a person.
pub(super) fn shown(status: Option<ExitStatus>) -> String {
    status.map_or_else(|| "it could not be ended".to_owned(), |status| status.to_string())
}
