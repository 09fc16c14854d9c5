//! A job that waits in memory, and its place among others.

use super::event::Job;
use crate::{DeliveryKey, MessageId, TargetId};

/// The jobs that go one at a time, in order: those of one POST to one target, or a sequence of an ordered lane.
pub(super) type TrainId = (i64, TargetId);

/// Where a job stands in its train.
pub(super) type Seat = (i64, MessageId, u32);

/// A job that waits in memory.
#[derive(Clone, Debug)]
pub(super) struct Waiting {
    /// What to attempt.
    pub(super) job: Job,
    /// Its place in time: the due time under which its rows sort in the store.
    pub(super) due: i64,
    /// It keeps its place, and is not attempted before this.
    pub(super) not_before: i64,
    /// Its lane is ordered.
    pub(super) ordered: bool,
    /// Whether it shall find out if a paused lane works again.
    pub(super) probe: bool,
}

impl Waiting {
    /// A job that was never attempted. Its place is when it was accepted, the same for all of its train whatever
    /// the clock does meanwhile; in an ordered lane it is when its id was issued, which never goes back.
    pub(super) fn fresh(job: Job, ordered: bool) -> Self {
        let accepted = job.open.iter().map(|open| open.since).min().unwrap_or_default();
        let due = if ordered { job.message.issued_ms() } else { accepted };
        Self { job, due, not_before: 0, ordered, probe: false }
    }

    /// The train it belongs to; a message posted alone has none.
    pub(super) fn train(&self) -> Option<TrainId> {
        train(&self.job, self.ordered)
    }

    /// Its place in its train.
    pub(super) fn seat(&self) -> Seat {
        (if self.ordered { self.due } else { 0 }, self.job.message, self.job.first)
    }

    /// Whether what comes after it in its sequence need not be in memory: it was tried before, or waits.
    pub(super) fn is_failing(&self) -> bool {
        self.ordered && (self.not_before > 0 || self.job.open.iter().any(|open| open.tries > 0))
    }

    /// Its deliveries.
    pub(super) fn len(&self) -> usize {
        self.job.open.len()
    }

    /// The keys of its deliveries.
    pub(super) fn keys(&self) -> impl Iterator<Item = DeliveryKey> + '_ {
        self.job.open.iter().map(|open| DeliveryKey::new(self.job.message, open.idx))
    }

    /// Joins recipients of the same message and target into one notice.
    pub(super) fn absorb(&mut self, other: Self) {
        self.job.open.extend(other.job.open);
        self.job.open.sort_by_key(|open| open.idx);
        self.due = self.due.min(other.due);
        self.not_before = self.not_before.max(other.not_before);
        self.probe |= other.probe;
    }
}

/// The train of a job.
pub(super) fn train(job: &Job, ordered: bool) -> Option<TrainId> {
    match ordered {
        true => Some((job.post, TargetId(0))),
        false => (job.post != 0).then_some((job.post, job.target)),
    }
}
