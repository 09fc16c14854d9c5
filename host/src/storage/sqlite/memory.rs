//! What the writer remembers of the file: who is subscribed to a queue, and how much it holds.
//!
//! It is a cache. What an operation changed is forgotten when the operation fails, all of it when a commit fails.

use std::collections::{HashMap, HashSet};

use nuncio_core::{LaneId, MessageId, MessageIds, ProjectId, QueueId, SubscriptionId, TargetId};
use rusqlite::{Connection, Row, params};

use super::index::{Active, Interest, Recent, Seen, Wanted, Weight};
use crate::storage::StoreError;

/// What the writer remembers.
#[derive(Debug)]
pub(super) struct Memory {
    ids: MessageIds,
    last: MessageId,
    queues: Recent<Remembered>,
    touched: Vec<QueueId>,
    by_hand: HashSet<i64>,
    /// Projects by name, each with its live queues by name.
    places: HashMap<String, Project>,
    named: usize,
}

#[derive(Debug, Default)]
struct Project {
    id: ProjectId,
    queues: HashMap<String, (QueueId, bool)>,
}

/// Where messages go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) project: ProjectId,
    pub(super) queue: QueueId,
    /// Whether its messages are sealed.
    pub(super) sealed: bool,
}

/// Names that are remembered at once; beyond it all are looked up again as they are used.
const QUEUES: usize = 100_000;

/// What it remembers of a queue; what is not there was not asked for since.
#[derive(Debug, Default)]
struct Remembered {
    interest: Option<Interest>,
    depth: Option<u64>,
    busy: Option<Busy>,
}

/// How far a queue holds no message that is free.
#[derive(Clone, Copy, Debug)]
pub(super) struct Busy {
    /// Up to this message, and with it.
    pub(super) upto: MessageId,
    /// Before this time, Unix milliseconds.
    pub(super) until: i64,
}

impl Weight for Remembered {
    fn weight(&self) -> usize {
        self.interest.as_ref().map_or(0, Weight::weight)
    }
}

impl Memory {
    /// Goes on after `last`, the highest id that `log` ever issued, and remembers about `bytes` of queues.
    pub(super) fn new(log: u16, last: MessageId, bytes: usize) -> Self {
        let ids = MessageIds::new(log, last);
        Self {
            ids,
            last,
            queues: Recent::new(bytes),
            touched: Vec::new(),
            by_hand: HashSet::new(),
            places: HashMap::new(),
            named: 0,
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

    /// A live queue and its project.
    pub(super) fn place(&self, project: &str, queue: &str) -> Option<Place> {
        let project = self.places.get(project)?;
        let (queue, sealed) = *project.queues.get(queue)?;
        Some(Place { project: project.id, queue, sealed })
    }

    /// A live queue was looked up.
    pub(super) fn placed(&mut self, project: &str, queue: &str, place: Place) {
        if self.named >= QUEUES {
            self.renamed();
        }
        let known = self.places.entry(project.to_owned()).or_default();
        known.id = place.project;
        if known.queues.insert(queue.to_owned(), (place.queue, place.sealed)).is_none() {
            self.named += 1;
        }
    }

    /// A queue is gone, or asks for something else.
    pub(super) fn renamed(&mut self) {
        self.places.clear();
        self.named = 0;
    }

    /// Who wants a message of a queue.
    pub(super) fn wanted(
        &mut self,
        db: &Connection,
        queue: QueueId,
        seen: Seen<'_>,
        now: i64,
    ) -> Result<Wanted, StoreError> {
        let wanted = self.interest(db, queue)?.wanted(&seen, now);
        self.queues.weigh(queue);
        wanted
    }

    /// Whether a queue would have more than `most` different filters if its subscription `of`, which may be new, had
    /// `filter`.
    pub(super) fn would_exceed(
        &mut self,
        db: &Connection,
        queue: QueueId,
        of: SubscriptionId,
        filter: &str,
        most: usize,
    ) -> Result<bool, StoreError> {
        let exceeds = self.interest(db, queue)?.would_exceed(of, filter, most);
        self.queues.weigh(queue);
        Ok(exceeds)
    }

    fn interest(&mut self, db: &Connection, queue: QueueId) -> Result<&mut Interest, StoreError> {
        let known = &mut self.queues.used(queue).interest;
        match known {
            Some(known) => Ok(known),
            None => Ok(known.insert(read_interest(db, queue)?)),
        }
    }

    /// A subscription of a queue was made, changed or ended: it is read again, if its queue is remembered.
    pub(super) fn changed(
        &mut self,
        db: &Connection,
        queue: QueueId,
        id: SubscriptionId,
    ) -> Result<(), StoreError> {
        self.touched.push(queue);
        let Some(interest) = self.queues.kept(queue).and_then(|known| known.interest.as_mut()) else {
            return Ok(());
        };
        match read_active(db, queue, id)? {
            Some(active) => interest.put(active)?,
            None => interest.remove(id),
        }
        self.queues.weigh(queue);
        Ok(())
    }

    /// Many subscriptions of a queue changed: they are read again when they are needed.
    pub(super) fn resubscribed(&mut self, queue: QueueId) {
        self.touched.push(queue);
        if let Some(known) = self.queues.kept(queue) {
            known.interest = None;
            self.queues.weigh(queue);
        }
    }

    /// How many messages a queue holds for pull, expired ones that were not swept yet included.
    pub(super) fn depth(&mut self, db: &Connection, queue: QueueId) -> rusqlite::Result<u64> {
        if let Some(known) = self.queues.used(queue).depth {
            return Ok(known);
        }
        let count: i64 = db
            .prepare_cached("SELECT count(*) FROM queued WHERE queue = ?1")?
            .query_row([queue.0], |row| row.get(0))?;
        self.queues.used(queue).depth = Some(count.unsigned_abs());
        self.queues.weigh(queue);
        Ok(count.unsigned_abs())
    }

    /// Messages were added to a queue, or taken out of it.
    pub(super) fn moved(&mut self, queue: QueueId, added: u64, removed: u64) {
        self.touched.push(queue);
        if let Some(depth) = self.queues.kept(queue).and_then(|known| known.depth.as_mut()) {
            *depth = depth.saturating_add(added).saturating_sub(removed);
        }
    }

    /// How far a queue holds nothing free at `now`.
    pub(super) fn busy(&mut self, queue: QueueId, now: i64) -> Busy {
        let known = self.queues.used(queue).busy.filter(|busy| busy.until > now);
        known.unwrap_or(Busy { upto: MessageId::NONE, until: i64::MAX })
    }

    /// So far a queue holds nothing free.
    pub(super) fn keep_busy(&mut self, queue: QueueId, busy: Busy) {
        self.touched.push(queue);
        self.queues.used(queue).busy = Some(busy);
        self.queues.weigh(queue);
    }

    /// Messages of a queue, `first` and later ones, may be free at `at`.
    pub(super) fn freed(&mut self, queue: QueueId, first: MessageId, at: i64) {
        self.touched.push(queue);
        let Some(known) = self.queues.kept(queue) else { return };
        if let Some(busy) = known.busy.as_mut().filter(|busy| busy.upto >= first) {
            busy.until = busy.until.min(at);
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
        self.renamed();
        for queue in std::mem::take(&mut self.touched) {
            self.queues.forget(queue);
        }
    }

    /// The whole commit was undone.
    pub(super) fn forget(&mut self) {
        self.renamed();
        self.queues.clear();
        self.touched.clear();
    }
}

const COLUMNS: &str = "SELECT s.id, t.id, t.lane, t.recipients, s.expires, t.filter,
    s.disabled <> 0 OR s.waits <> 0
    FROM subscription s JOIN target t ON t.id = s.target WHERE s.queue = ?1 AND s.state = 0";

fn read_interest(db: &Connection, queue: QueueId) -> Result<Interest, StoreError> {
    let mut interest = Interest::default();
    let mut statement = db.prepare_cached(&format!("{COLUMNS} ORDER BY s.id"))?;
    for active in statement.query_map([queue.0], active)? {
        interest.put(active?)?;
    }
    interest.trim();
    Ok(interest)
}

fn read_active(db: &Connection, queue: QueueId, id: SubscriptionId) -> Result<Option<Active>, StoreError> {
    let mut statement = db.prepare_cached(&format!("{COLUMNS} AND s.id = ?2"))?;
    Ok(statement.query_map(params![queue.0, id.0], active)?.next().transpose()?)
}

fn active(row: &Row<'_>) -> rusqlite::Result<Active> {
    Ok(Active {
        id: SubscriptionId(row.get(0)?),
        target: TargetId(row.get(1)?),
        lane: LaneId(row.get(2)?),
        recipients: row.get(3)?,
        expires: row.get(4)?,
        filter: row.get(5)?,
        asleep: row.get(6)?,
    })
}
