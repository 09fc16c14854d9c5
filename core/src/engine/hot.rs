//! The hot set: which deliveries are in memory or on their way to the store, and how far everything is recorded.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::{event::Limits, waiting::Waiting};
use crate::{Cursor, DeliveryKey, LaneId, MessageId};

#[derive(Debug)]
struct Mark {
    lane: LaneId,
    /// Where its row stands in that lane, if it has one.
    due: i64,
    resident: bool,
    flying: bool,
    /// Its owner cancelled it while it was in flight.
    cancelled: bool,
    /// It has a row, or a settlement was gathered.
    recorded: bool,
    /// Settlements of it that are not durable.
    undurable: u32,
    /// Whether the last of them leaves a row behind.
    row: bool,
    /// It left memory although its last row was still on its way.
    ahead: bool,
    /// Another place at which its row was read meanwhile.
    strayed: Option<(LaneId, i64)>,
}

/// Where a delivery is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Whereabouts {
    /// In memory, in this lane.
    Waiting(LaneId),
    /// Being attempted.
    Flying,
    /// On its way to the store, to wait there.
    Leaving,
    /// On its way to the store, ended; or not here.
    Elsewhere,
}

/// The deliveries in memory, with those whose settlement is not durable.
#[derive(Debug, Default)]
pub(super) struct Hot {
    marks: HashMap<DeliveryKey, Mark>,
    bytes: u64,
    unrecorded: BTreeMap<MessageId, u32>,
    reading: bool,
    /// What was settled durably since the outstanding read was asked: its answer may be older.
    ghosts: BTreeSet<DeliveryKey>,
    /// What somebody else may be settling while the read is under way.
    haunted: BTreeSet<DeliveryKey>,
    /// Rows to be read at places at which they were passed over while they were in memory.
    strays: Vec<(LaneId, i64)>,
}

impl Hot {
    /// Deliveries in memory or not durable.
    pub(super) fn len(&self) -> usize {
        self.marks.len()
    }

    /// Whether a job fits. Whatever its size, one fits while a quarter is free.
    pub(super) fn fits(&self, waiting: &Waiting, limits: &Limits) -> bool {
        let most = limits.hot_deliveries as usize;
        (self.len() + waiting.len() <= most && self.bytes + bytes(waiting) <= limits.hot_bytes)
            || self.has_room(limits)
    }

    /// Whether a quarter is free, so that reading pays.
    pub(super) fn has_room(&self, limits: &Limits) -> bool {
        self.len() * 4 < limits.hot_deliveries as usize * 3 && self.bytes < limits.hot_bytes / 4 * 3
    }

    /// Whether it is more than half full.
    pub(super) fn pressed(&self, limits: &Limits) -> bool {
        self.len() * 2 > limits.hot_deliveries as usize || self.bytes > limits.hot_bytes / 2
    }

    /// Whether what a read says of `key` does not count.
    pub(super) fn knows(&self, key: DeliveryKey) -> bool {
        self.marks.contains_key(&key) || self.is_ghost(key)
    }

    /// Whether `key` was settled while the outstanding read was under way.
    pub(super) fn is_ghost(&self, key: DeliveryKey) -> bool {
        self.ghosts.contains(&key)
    }

    /// Takes a job into memory.
    pub(super) fn admit(&mut self, waiting: &Waiting) {
        self.bytes += bytes(waiting);
        let message = waiting.job.message;
        for open in &waiting.job.open {
            let mark = self.marks.entry(DeliveryKey::new(message, open.idx)).or_insert(Mark {
                lane: waiting.job.lane,
                due: waiting.due,
                resident: true,
                flying: false,
                cancelled: false,
                recorded: open.stored,
                undurable: 0,
                row: false,
                ahead: false,
                strayed: None,
            });
            mark.resident = true;
            if !mark.recorded {
                *self.unrecorded.entry(message).or_default() += 1;
            }
        }
    }

    /// A job left memory.
    pub(super) fn release(&mut self, waiting: &Waiting) {
        self.bytes = self.bytes.saturating_sub(bytes(waiting));
        for key in waiting.keys() {
            if let Some(mark) = self.marks.get_mut(&key) {
                mark.resident = false;
                mark.flying = false;
                if mark.undurable == 0 {
                    self.strays.extend(mark.strayed);
                    self.marks.remove(&key);
                }
            }
        }
    }

    /// A job takes off.
    pub(super) fn take_off(&mut self, waiting: &Waiting) {
        for key in waiting.keys() {
            if let Some(mark) = self.marks.get_mut(&key) {
                mark.flying = true;
            }
        }
    }

    /// A settlement of `key` was gathered.
    pub(super) fn settled(&mut self, key: DeliveryKey, row: bool) {
        let Some(mark) = self.marks.get_mut(&key) else { return };
        mark.undurable += 1;
        mark.row = row;
        if !std::mem::replace(&mut mark.recorded, true)
            && let Some(count) = self.unrecorded.get_mut(&key.message)
        {
            *count -= 1;
            if *count == 0 {
                self.unrecorded.remove(&key.message);
            }
        }
    }

    /// `key`, which has a row, leaves memory. Says whether that row is still on its way to the store.
    pub(super) fn leaves_ahead(&mut self, key: DeliveryKey) -> bool {
        let Some(mark) = self.marks.get_mut(&key) else { return false };
        mark.ahead = mark.undurable > 0;
        mark.ahead
    }

    /// A settlement of `key` is durable. If it was the last and the delivery left memory, says its lane, and
    /// whether it left ahead of its row.
    pub(super) fn durable(&mut self, key: DeliveryKey) -> Option<(LaneId, bool)> {
        if self.reading {
            self.ghosts.insert(key);
        }
        let mark = self.marks.get_mut(&key)?;
        mark.undurable -= 1;
        if mark.resident || mark.undurable > 0 {
            return None;
        }
        self.strays.extend(mark.strayed.filter(|_| mark.row));
        self.marks.remove(&key).map(|mark| (mark.lane, mark.ahead))
    }

    /// The row of `key`, which is in memory, was read at a place that its lane does not go back to: its subscription
    /// leads elsewhere since, or it was made due earlier by hand.
    pub(super) fn stray(&mut self, key: DeliveryKey, lane: LaneId, due: i64) {
        if let Some(mark) = self.marks.get_mut(&key).filter(|mark| mark.lane != lane || due < mark.due) {
            mark.strayed = Some((lane, due));
        }
    }

    /// Rows that left memory and stand elsewhere than where they were taken from: lane and due time.
    pub(super) fn take_strays(&mut self) -> Vec<(LaneId, i64)> {
        std::mem::take(&mut self.strays)
    }

    /// Where `key` is.
    pub(super) fn find(&self, key: DeliveryKey) -> Whereabouts {
        match self.marks.get(&key) {
            Some(mark) if mark.flying => Whereabouts::Flying,
            Some(mark) if mark.resident => Whereabouts::Waiting(mark.lane),
            Some(mark) if mark.row => Whereabouts::Leaving,
            _ => Whereabouts::Elsewhere,
        }
    }

    /// Its owner wants `key`, which is in flight, to end with this attempt.
    pub(super) fn cancel(&mut self, key: DeliveryKey) {
        if let Some(mark) = self.marks.get_mut(&key) {
            mark.cancelled = true;
        }
    }

    /// Whether its owner cancelled `key` while it was in flight.
    pub(super) fn is_cancelled(&self, key: DeliveryKey) -> bool {
        self.marks.get(&key).is_some_and(|mark| mark.cancelled)
    }

    /// Somebody else settles `key`.
    pub(super) fn haunt(&mut self, key: DeliveryKey) {
        if self.reading {
            self.haunted.insert(key);
        }
    }

    /// Whether somebody else may be settling `key`: it is to be read once more.
    pub(super) fn is_haunted(&self, key: DeliveryKey) -> bool {
        self.haunted.contains(&key)
    }

    /// A read was asked.
    pub(super) fn read_begins(&mut self) {
        self.reading = true;
    }

    /// The answer to the read was taken.
    pub(super) fn read_ends(&mut self) {
        self.reading = false;
        self.ghosts.clear();
        self.haunted.clear();
    }

    /// Everything before it, of what is in memory, is recorded.
    pub(super) fn low(&self) -> Option<Cursor> {
        self.unrecorded.first_key_value().map(|(message, _)| Cursor { message: *message, idx: 0 })
    }
}

fn bytes(waiting: &Waiting) -> u64 {
    u64::from(waiting.job.bytes) * waiting.len() as u64
}
