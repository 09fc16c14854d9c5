//! The stderr of a process goes to the host's log.

use std::sync::Arc;

use tokio::{io::BufReader, process::ChildStderr, task::JoinHandle};

use super::{hearing::Hearing, lines::Lines};

/// Bytes of a line of stderr that are read.
const LINE: usize = 4 << 10;

/// A task that ends with its owner.
#[derive(Debug)]
pub(super) struct Follower(JoinHandle<()>);

impl Drop for Follower {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Follower {
    /// Takes every line of `stderr` to `hearing`.
    pub(super) fn of(stderr: ChildStderr, hearing: Arc<Hearing>) -> Self {
        Self(tokio::spawn(async move {
            let mut lines = Lines::new(BufReader::new(stderr), LINE);
            while let Ok(Some(line)) = lines.next().await {
                hearing.stderr(line.bytes, line.cut);
            }
        }))
    }

    /// Waits until all of it is read.
    pub(super) async fn ended(&mut self) {
        // A panic in there lost log lines alone.
        drop((&mut self.0).await);
    }
}
