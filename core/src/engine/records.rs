//! Settlements on their way to the store: gathered while a batch is being written, sent as the next one.

use std::collections::VecDeque;

use super::{
    event::{Action, Batch},
    waiting::TrainId,
};
use crate::{Cursor, DeliveryKey, LaneId, Settlement};

/// A batch is sent beside another when it has grown to this.
const LARGE: usize = 256;
/// The most batches under way.
const BATCHES: usize = 4;
/// After how long the watermark is recorded without anything else, milliseconds.
const LOW_MS: u64 = 1_000;

/// What must be remembered of a settlement until it is durable.
#[derive(Clone, Copy, Debug)]
pub(super) struct Landing {
    /// The delivery.
    pub(super) key: DeliveryKey,
    /// The row that it leaves.
    pub(super) row: Option<Row>,
    /// Whether it says how an attempt ended.
    pub(super) outcome: bool,
}

/// A row that becomes readable.
#[derive(Clone, Copy, Debug)]
pub(super) struct Row {
    /// Its lane.
    pub(super) lane: LaneId,
    /// When it is due.
    pub(super) due: i64,
    /// Its train.
    pub(super) train: Option<TrainId>,
    /// Whether its policy keeps its own times.
    pub(super) keeps_times: bool,
    /// How it came to be written.
    pub(super) origin: Origin,
}

/// How a row came to be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    /// A later retry: its place is free for others.
    Later,
    /// It was handed over and not taken into memory: everything before it was.
    Refused,
    /// As `Refused`, but nothing else than its own sequence comes after it, and that is known to wait.
    Aside,
    /// It was in memory: others of its train that are already written may come after it.
    Evicted,
    /// It stays in memory.
    Kept,
}

/// Settlements that are not durable.
#[derive(Debug, Default)]
pub(super) struct Records {
    gathered: Vec<Settlement>,
    landings: Vec<Landing>,
    sent: VecDeque<(Batch, Vec<Landing>)>,
    batches: u64,
    outcomes: usize,
    /// The watermark that was sent last, and when.
    low: Cursor,
    low_sent: i64,
}

impl Records {
    /// Adds a settlement to the next batch.
    pub(super) fn gather(&mut self, settlement: Settlement, landing: Landing) {
        self.outcomes += usize::from(landing.outcome);
        self.gathered.push(settlement);
        self.landings.push(landing);
    }

    /// Outcomes that a crash now would forget.
    pub(super) fn undurable(&self) -> usize {
        self.outcomes
    }

    /// Whether a batch is being written.
    pub(super) fn under_way(&self) -> bool {
        !self.sent.is_empty()
    }

    /// Whether everything is durable.
    pub(super) fn is_empty(&self) -> bool {
        self.gathered.is_empty() && self.sent.is_empty()
    }

    /// The watermark that the store has.
    pub(super) fn start(&mut self, now: i64, low: Cursor) {
        (self.low, self.low_sent) = (low, now);
    }

    /// Whether a row of `lane` is on its way to the store.
    pub(super) fn lead_to(&self, lane: LaneId) -> bool {
        let sent = self.sent.iter().flat_map(|(_, landings)| landings);
        sent.chain(&self.landings).any(|landing| landing.row.is_some_and(|row| row.lane == lane))
    }

    /// Sends what was gathered, if it is time. A watermark that moved goes alone if nothing else does for a while, or
    /// at once as the `last`: what it passed is scheduled, or ended otherwise, and would be read again by every start.
    pub(super) fn send(&mut self, now: i64, low: Cursor, last: bool, actions: &mut Vec<Action>) {
        let sends = match self.sent.len() {
            0 if self.gathered.is_empty() => {
                low > self.low && (last || now.abs_diff(self.low_sent) >= LOW_MS)
            }
            0 => true,
            sent => sent < BATCHES && self.gathered.len() >= LARGE,
        };
        if sends {
            self.batches += 1;
            let batch = Batch(self.batches);
            (self.low, self.low_sent) = (low, now);
            self.sent.push_back((batch, std::mem::take(&mut self.landings)));
            actions.push(Action::Record { batch, settlements: std::mem::take(&mut self.gathered), low });
        }
    }

    /// `batch` is durable, and with it those before it.
    pub(super) fn durable(&mut self, batch: Batch) -> Vec<Landing> {
        let mut landed = Vec::new();
        while let Some((_, landings)) = self.sent.pop_front_if(|(sent, _)| *sent <= batch) {
            landed.extend(landings);
        }
        self.outcomes -= landed.iter().filter(|landing| landing.outcome).count();
        landed
    }
}
