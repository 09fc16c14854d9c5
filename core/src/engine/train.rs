//! What waits in a lane: single jobs, and trains that run one job at a time, in order.

use std::collections::{BTreeMap, VecDeque};

use super::event::Job;
use crate::{DeliveryKey, MessageId, TargetId};

/// The jobs of one POST to one target.
pub(super) type TrainId = (i64, TargetId);

/// A job that waits in memory.
#[derive(Clone, Debug)]
pub(super) struct Waiting {
    /// What to attempt.
    pub(super) job: Job,
    /// Its place in time: the due time under which its rows sort in the store.
    pub(super) due: i64,
    /// Whether it shall find out if a paused lane works again.
    pub(super) probe: bool,
}

impl Waiting {
    /// A job that was never attempted. Its place is when it was accepted, the same for all of its train whatever
    /// the clock does meanwhile.
    pub(super) fn fresh(job: Job) -> Self {
        let due = job.open.iter().map(|open| open.since).min().unwrap_or_default();
        Self { job, due, probe: false }
    }

    /// The train it belongs to; a message posted alone has none.
    pub(super) fn train(&self) -> Option<TrainId> {
        (self.job.post != 0).then_some((self.job.post, self.job.target))
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
        self.probe |= other.probe;
    }
}

#[derive(Debug)]
enum Unit {
    Single(Waiting),
    Train(TrainId),
}

#[derive(Debug, Default)]
struct Train {
    jobs: BTreeMap<(MessageId, u32), Waiting>,
    /// One of its jobs is in flight.
    busy: bool,
}

/// The waiting jobs of a lane, in the order in which they go.
#[derive(Debug, Default)]
pub(super) struct Queue {
    /// A train stands here once while it has jobs and none in flight.
    ring: VecDeque<Unit>,
    trains: BTreeMap<TrainId, Train>,
    deliveries: usize,
}

impl Queue {
    /// Deliveries that wait.
    pub(super) fn deliveries(&self) -> usize {
        self.deliveries
    }

    /// Whether a job could go now.
    pub(super) fn ready(&self) -> bool {
        !self.ring.is_empty()
    }

    /// Adds a job behind all others; within its train it stands by the order of messages.
    pub(super) fn push(&mut self, waiting: Waiting) {
        self.deliveries += waiting.len();
        match waiting.train() {
            None => self.ring.push_back(Unit::Single(waiting)),
            Some(id) => {
                if self.insert(id, waiting) {
                    self.ring.push_back(Unit::Train(id));
                }
            }
        }
    }

    /// Puts a job that was in flight back to the head: it keeps its place.
    pub(super) fn put_back(&mut self, waiting: Waiting) {
        self.deliveries += waiting.len();
        match waiting.train() {
            None => self.ring.push_front(Unit::Single(waiting)),
            Some(id) => {
                self.trains.entry(id).or_default().busy = false;
                self.insert(id, waiting);
                self.ring.push_front(Unit::Train(id));
            }
        }
    }

    /// The job of `id` that was in flight is over and did not come back: the train moves on.
    pub(super) fn moved_on(&mut self, id: TrainId) {
        let Some(train) = self.trains.get_mut(&id) else { return };
        train.busy = false;
        if train.jobs.is_empty() {
            self.trains.remove(&id);
        } else {
            self.ring.push_back(Unit::Train(id));
        }
    }

    /// Takes the next job; its train then waits until it is over.
    pub(super) fn pop(&mut self) -> Option<Waiting> {
        let waiting = match self.ring.pop_front()? {
            Unit::Single(waiting) => waiting,
            Unit::Train(id) => {
                let train = self.trains.get_mut(&id)?;
                train.busy = true;
                train.jobs.pop_first()?.1
            }
        };
        self.deliveries -= waiting.len();
        Some(waiting)
    }

    /// Takes the job that would go last, of a train the last one.
    pub(super) fn pop_last(&mut self) -> Option<Waiting> {
        let waiting = match self.ring.pop_back() {
            Some(Unit::Single(waiting)) => waiting,
            Some(Unit::Train(id)) => {
                let train = self.trains.get_mut(&id)?;
                let waiting = train.jobs.pop_last()?.1;
                if train.jobs.is_empty() {
                    self.trains.remove(&id);
                } else {
                    self.ring.push_back(Unit::Train(id));
                }
                waiting
            }
            None => self.trains.values_mut().rev().find_map(|train| train.jobs.pop_last())?.1,
        };
        self.deliveries -= waiting.len();
        Some(waiting)
    }

    /// Takes every job that `leaves` names, in no order that matters.
    pub(super) fn take_where(&mut self, leaves: impl Fn(&Waiting) -> bool) -> Vec<Waiting> {
        let mut taken = Vec::new();
        for train in self.trains.values_mut() {
            taken.extend(train.jobs.extract_if(.., |_, waiting| leaves(waiting)).map(|(_, waiting)| waiting));
        }
        self.trains.retain(|_, train| train.busy || !train.jobs.is_empty());
        for unit in std::mem::take(&mut self.ring) {
            match unit {
                Unit::Single(waiting) if leaves(&waiting) => taken.push(waiting),
                Unit::Train(id) if !self.trains.contains_key(&id) => {}
                unit => self.ring.push_back(unit),
            }
        }
        self.deliveries -= taken.iter().map(Waiting::len).sum::<usize>();
        taken
    }

    /// Takes one delivery out of the job in which it waits: a job with it alone.
    pub(super) fn remove(&mut self, key: DeliveryKey) -> Option<Waiting> {
        let mut job = self.take_where(|waiting| waiting.keys().any(|other| other == key)).pop()?;
        let mut alone = job.clone();
        alone.job.open.retain(|open| open.idx == key.idx);
        job.job.open.retain(|open| open.idx != key.idx);
        if !job.job.open.is_empty() {
            self.push(job);
        }
        Some(alone)
    }

    /// Whether the train must be put into the ring.
    fn insert(&mut self, id: TrainId, waiting: Waiting) -> bool {
        let train = self.trains.entry(id).or_default();
        let enters = !train.busy && train.jobs.is_empty();
        match train.jobs.entry((waiting.job.message, waiting.job.first)) {
            std::collections::btree_map::Entry::Vacant(vacant) => {
                vacant.insert(waiting);
            }
            std::collections::btree_map::Entry::Occupied(mut job) => job.get_mut().absorb(waiting),
        }
        enters
    }
}
