//! What an operation of the writer works on: the open transaction, and what will be published with it.

use nuncio_core::{Cursor, Fresh, LaneId, MessageId};
use rusqlite::Connection;

use super::{limits::Limits, marks::Marks, memory::Memory, sealing::Sealer};
use crate::storage::{Committed, StoreError, Tally};

/// Notices that one commit hands over in memory at most; the engine keeps fewer.
pub(super) const MOST_FRESH: usize = 1 << 16;

/// An open transaction.
pub(super) struct Commit<'c> {
    /// The connection, in a transaction.
    pub(super) db: &'c Connection,
    /// Seals and prints what is secret.
    pub(super) sealer: &'c Sealer,
    /// The time of the commit, Unix milliseconds.
    pub(super) now: i64,
    /// The log that this writer writes.
    pub(super) log: u16,
    /// The limits.
    pub(super) limits: &'c Limits,
    /// What the writer remembers.
    pub(super) memory: &'c mut Memory,
    /// What it knows of the room that is left.
    pub(super) marks: &'c mut Marks,
    /// By what the accounts change.
    pub(super) tally: Tally,
    /// The error with which SQLite ended the transaction by itself.
    pub(super) lost: Option<StoreError>,
    /// What is published when the commit succeeds.
    pub(super) published: Committed,
    /// Whether rows are left to be removed or moved in slices.
    pub(super) chores: bool,
}

impl Commit<'_> {
    /// Runs `operation` in a savepoint: it is done whole or not at all, and harms no other.
    pub(super) fn alone<T>(
        &mut self,
        operation: impl FnOnce(&mut Self) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.db.prepare_cached("SAVEPOINT operation")?.execute([])?;
        let result = self.told(operation);
        if result.is_ok() {
            self.db.prepare_cached("RELEASE operation")?.execute([])?;
        } else if self.db.is_autocommit() {
            // A full disk or the like ends the whole transaction: then there is no savepoint to go back to.
            self.lost = result.as_ref().err().cloned();
        } else {
            let undone = self.db.execute_batch("ROLLBACK TO operation; RELEASE operation");
            // What cannot be undone alone is undone with all the rest.
            undone.or_else(|_| self.db.execute_batch("ROLLBACK"))?;
        }
        result
    }

    /// Refuses what would make the database grow while there is no room for it.
    pub(super) fn room(&mut self) -> Result<(), StoreError> {
        self.marks.room(self.db, self.limits)
    }

    /// Takes `deliveries` into the accounts, unless too many are open.
    pub(super) fn open(&mut self, deliveries: u64) -> Result<(), StoreError> {
        let most = self.limits.max_backlog;
        let open = self.marks.tally().plus(self.tally).open().max(0).unsigned_abs();
        if most > 0 && deliveries > 0 && open.saturating_add(deliveries) > most {
            return Err(StoreError::Full { limit: "delivery.max_backlog", value: most });
        }
        self.tally.accepted += deliveries.cast_signed();
        Ok(())
    }

    /// Runs an `operation` that refuses before it writes. It needs no savepoint, which costs a copy of each page that is
    /// written in it. If it fails after it has written then writing fails, and all is rolled back.
    pub(super) fn straight<T>(
        &mut self,
        operation: impl FnOnce(&mut Self) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let before = self.db.total_changes();
        let result = self.told(operation);
        if let Err(error) = &result {
            if self.db.total_changes() != before && !self.db.is_autocommit() {
                self.db.execute_batch("ROLLBACK")?;
            }
            // A full disk or the like ends the transaction by itself.
            if self.db.is_autocommit() {
                self.lost = Some(error.clone());
            }
        }
        result
    }

    /// Runs `operation`; what it publishes and remembers goes when it fails.
    fn told<T>(
        &mut self,
        operation: impl FnOnce(&mut Self) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let (before, tally) = (Mark::of(&self.published), self.tally);
        let result = operation(self);
        if let Err(error) = &result {
            self.marks.damage.note(error);
        }
        if result.is_ok() {
            self.memory.keep();
        } else {
            self.memory.undo();
            before.restore(&mut self.published);
            self.tally = tally;
        }
        result
    }

    /// The next message id.
    pub(super) fn issue(&mut self) -> MessageId {
        self.memory.issue(self.now)
    }

    /// Hands `fresh` over to the engine, as long as not too much was handed over with this commit.
    ///
    /// One POST may match many times what memory is to hold: what is beyond is read back from the store.
    pub(super) fn hand_over(&mut self, fresh: Fresh) {
        let cursor = Cursor { message: fresh.message, idx: fresh.first };
        if self.published.rest.is_none() && self.published.fresh.len() < MOST_FRESH {
            self.published.fresh.push(fresh);
        } else {
            self.published.rest.get_or_insert(cursor);
        }
    }

    /// Says that `deferred` rows of `lane` were written, the earliest due at `due`.
    pub(super) fn scheduled(&mut self, lane: LaneId, due: i64) {
        self.published.scheduled.push((lane, due));
    }
}

/// How much was published at a moment. Operations only add.
struct Mark {
    messages: usize,
    fresh: usize,
    rest: Option<Cursor>,
    lanes: usize,
    lanes_gone: usize,
    scheduled: usize,
    changed: usize,
    queues: usize,
    gone_later: usize,
}

impl Mark {
    fn of(published: &Committed) -> Self {
        Self {
            messages: published.messages.len(),
            fresh: published.fresh.len(),
            rest: published.rest,
            lanes: published.lanes.len(),
            lanes_gone: published.lanes_gone.len(),
            scheduled: published.scheduled.len(),
            changed: published.changed.len(),
            queues: published.queues.len(),
            gone_later: published.gone_later.len(),
        }
    }

    fn restore(self, published: &mut Committed) {
        published.messages.truncate(self.messages);
        published.fresh.truncate(self.fresh);
        published.rest = self.rest;
        published.lanes.truncate(self.lanes);
        published.lanes_gone.truncate(self.lanes_gone);
        published.scheduled.truncate(self.scheduled);
        published.changed.truncate(self.changed);
        published.queues.truncate(self.queues);
        published.gone_later.truncate(self.gone_later);
    }
}

/// Makes what is published short: one entry a lane, a subscription, a queue.
pub(super) fn condense(published: &mut Committed) {
    published.scheduled.sort_unstable();
    published.scheduled.dedup_by_key(|(lane, _)| *lane);
    published.changed.sort_unstable();
    published.changed.dedup();
    published.queues.sort_unstable();
    published.queues.dedup();
}

/// Whether there is nothing to tell.
pub(super) fn is_empty(published: &Committed) -> bool {
    published.messages.is_empty()
        && published.fresh.is_empty()
        && published.lanes.is_empty()
        && published.lanes_gone.is_empty()
        && published.scheduled.is_empty()
        && published.changed.is_empty()
        && published.queues.is_empty()
        && published.gone_later.is_empty()
}
