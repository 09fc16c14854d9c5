//! What the writer remembers of the file: who is subscribed to a queue, and how much it holds.
//!
//! It is a cache. What an operation changed is forgotten when the operation fails, all of it when a commit fails.

use std::collections::{HashMap, HashSet, hash_map::Entry};

use nuncio_core::{LaneId, MessageId, MessageIds, QueueId, TargetId};
use rusqlite::{Connection, params};

/// A live subscription as matching sees it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Active {
    /// Its newest target.
    pub(super) target: TargetId,
    /// The lane of that.
    pub(super) lane: LaneId,
    /// The recipients of that.
    pub(super) recipients: u32,
    /// Unix milliseconds, 0 for never.
    pub(super) expires: i64,
}

/// What the writer remembers.
#[derive(Debug)]
pub(super) struct Memory {
    ids: MessageIds,
    last: MessageId,
    active: HashMap<QueueId, Vec<Active>>,
    depth: HashMap<QueueId, u64>,
    touched: Vec<QueueId>,
    by_hand: HashSet<i64>,
}

/// Queues that are remembered at once; beyond it all are read again as they are used.
const QUEUES: usize = 100_000;

impl Memory {
    /// Goes on after `last`, the highest id that `log` ever issued.
    pub(super) fn new(log: u16, last: MessageId) -> Self {
        let ids = MessageIds::new(log, last);
        Self {
            ids,
            last,
            active: HashMap::new(),
            depth: HashMap::new(),
            touched: Vec::new(),
            by_hand: HashSet::new(),
        }
    }

    /// The next message id. It is not issued again, even if its commit fails.
    pub(super) fn issue(&mut self, now: i64) -> MessageId {
        self.last = self.ids.issue(now);
        self.last
    }

    /// The highest id issued.
    pub(super) fn last_id(&self) -> MessageId {
        self.last
    }

    /// The live subscriptions of a queue in order of their ids. Some may have expired.
    pub(super) fn active(&mut self, db: &Connection, queue: QueueId) -> rusqlite::Result<&[Active]> {
        if self.active.len() >= QUEUES {
            self.active.clear();
        }
        match self.active.entry(queue) {
            Entry::Occupied(known) => Ok(known.into_mut()),
            Entry::Vacant(unknown) => Ok(unknown.insert(read_active(db, queue)?)),
        }
    }

    /// A subscription was added, with an id above all others.
    pub(super) fn subscribed(&mut self, queue: QueueId, active: Active) {
        self.touched.push(queue);
        if let Some(known) = self.active.get_mut(&queue) {
            known.push(active);
        }
    }

    /// The subscriptions of a queue changed in some other way.
    pub(super) fn resubscribed(&mut self, queue: QueueId) {
        self.active.remove(&queue);
    }

    /// How many messages a queue holds for pull, expired ones that were not swept yet included.
    pub(super) fn depth(&mut self, db: &Connection, queue: QueueId) -> rusqlite::Result<u64> {
        if self.depth.len() >= QUEUES {
            self.depth.clear();
        }
        if let Some(known) = self.depth.get(&queue) {
            return Ok(*known);
        }
        let count: i64 = db
            .prepare_cached("SELECT count(*) FROM queued WHERE queue = ?1")?
            .query_row([queue.0], |row| row.get(0))?;
        self.depth.insert(queue, count.unsigned_abs());
        Ok(count.unsigned_abs())
    }

    /// Messages were added to a queue, or taken out of it.
    pub(super) fn moved(&mut self, queue: QueueId, added: u64, removed: u64) {
        self.touched.push(queue);
        if let Some(depth) = self.depth.get_mut(&queue) {
            *depth = depth.saturating_add(added).saturating_sub(removed);
        }
    }

    /// Deliveries of a block of messages were ended by hand. To believe so of a commit that failed does no harm.
    pub(super) fn ended_by_hand(&mut self, block: i64) {
        self.by_hand.insert(block);
    }

    /// Whether deliveries of a block were ended by hand since the start.
    pub(super) fn was_ended_by_hand(&self, block: i64) -> bool {
        self.by_hand.contains(&block)
    }

    /// The operation that ran last stands.
    pub(super) fn keep(&mut self) {
        self.touched.clear();
    }

    /// The operation that ran last was undone.
    pub(super) fn undo(&mut self) {
        for queue in std::mem::take(&mut self.touched) {
            self.active.remove(&queue);
            self.depth.remove(&queue);
        }
    }

    /// The whole commit was undone.
    pub(super) fn forget(&mut self) {
        self.active.clear();
        self.depth.clear();
        self.touched.clear();
    }
}

fn read_active(db: &Connection, queue: QueueId) -> rusqlite::Result<Vec<Active>> {
    db.prepare_cached(
        "SELECT t.id, t.lane, t.recipients, s.expires FROM subscription s JOIN target t ON t.id = s.target
         WHERE s.queue = ?1 AND s.state = 0 AND s.disabled = 0 ORDER BY s.id",
    )?
    .query_map(params![queue.0], |row| {
        Ok(Active {
            target: TargetId(row.get(0)?),
            lane: LaneId(row.get(1)?),
            recipients: row.get(2)?,
            expires: row.get(3)?,
        })
    })?
    .collect()
}
