//! The thread: gather, commit, answer, publish, copy back.

use std::{path::PathBuf, sync::Arc};

use nuncio_core::Clock;
use rusqlite::Connection;
use tokio::sync::mpsc;

use super::{
    checkpoint::{self, Checkpoints},
    copier::Copier,
    gather::Gathered,
    handle::Request,
    pace::Pace,
    transaction::{self, Work},
};
use crate::storage::{
    Committed,
    sqlite::{
        commit, limits::Limits, lock::Lock, marks::Marks, memory::Memory, named::Named, sealing::Sealer,
    },
};

/// How often settlements are tried once the host is stopping.
const LAST_TRIES: u32 = 5;

/// What the writer thread works with.
pub(in crate::storage::sqlite) struct Desk {
    pub(in crate::storage::sqlite) db: Connection,
    pub(in crate::storage::sqlite) sealer: Arc<Sealer>,
    pub(in crate::storage::sqlite) path: PathBuf,
    /// Held until the connection is closed: fields are dropped in this order.
    pub(in crate::storage::sqlite) _lock: Lock,
    pub(in crate::storage::sqlite) log: u16,
    pub(in crate::storage::sqlite) limits: Limits,
    pub(in crate::storage::sqlite) memory: Memory,
    pub(in crate::storage::sqlite) marks: Marks,
    pub(in crate::storage::sqlite) named: Arc<Named>,
    /// What the clock said at the last commit, Unix milliseconds.
    pub(in crate::storage::sqlite) latest: i64,
    /// Whether the clock was ever set back.
    pub(in crate::storage::sqlite) turned: bool,
    pub(in crate::storage::sqlite) clock: Arc<dyn Clock>,
    pub(in crate::storage::sqlite) published: mpsc::Sender<Committed>,
}

impl Desk {
    pub(super) fn run(mut self, copier: Copier, mut requests: mpsc::Receiver<Request>) {
        let timer = match tokio::runtime::Builder::new_current_thread().enable_time().build() {
            Ok(timer) => timer,
            Err(error) => return tracing::error!(%error, "the store's writer cannot start"),
        };
        let (mut gathered, mut checkpoints, mut pace) =
            (Gathered::default(), Checkpoints::new(copier), Pace::new());
        while !gathered.closing || (!gathered.batches.is_empty() && pace.failures() < LAST_TRIES) {
            if gathered.closing {
                timer.block_on(tokio::time::sleep(pace.idle()));
            }
            timer.block_on(gathered.fill(&mut requests, &self.limits, pace.idle()));
            self.commit(&mut gathered, &mut pace);
            checkpoints.after_commit(&self.db, &self.path, &self.limits);
        }
        drop(checkpoints);
        checkpoint::last(&self.db);
    }

    fn commit(&mut self, gathered: &mut Gathered, pace: &mut Pace) {
        let sweep = pace.sweeps();
        let changes = gathered.take_changes();
        if changes.is_empty() && gathered.batches.is_empty() && !sweep {
            return;
        }
        let work = Work { changes, batches: &gathered.batches, sweep };
        let done = transaction::run(self, work);
        match &done.result {
            Ok(()) => {
                self.named.forget(&done.published.queues);
                metrics::counter!("nuncio_commits_total").increment(1);
                for batch in gathered.batches.drain(..done.recorded) {
                    // Whoever asked may have gone away.
                    batch.durable.send(()).ok();
                }
                pace.committed(sweep, done.sweep_more);
                if !gathered.batches.is_empty() {
                    // One of them failed alone: it is tried again, before those after it.
                    pace.failed();
                }
            }
            Err(error) => {
                self.memory.forget();
                tracing::warn!(database = %self.path.display(), %error, "a commit failed");
                gathered.batches.iter().for_each(|batch| (batch.failed)(error.to_string()));
                pace.failed();
            }
        }
        let failed = done.result.err();
        done.answers.into_iter().for_each(|answer| answer(failed.clone()));
        if failed.is_none() {
            self.publish(done.published);
        }
    }

    fn publish(&self, mut published: Committed) {
        if !commit::is_empty(&published) {
            commit::condense(&mut published);
            // Nobody listens: a store may be used without an engine.
            self.published.blocking_send(published).ok();
        }
    }
}
