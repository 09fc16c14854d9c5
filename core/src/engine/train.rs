//! What waits in a lane: single jobs, and trains that run one job at a time, in order.

use std::collections::{BTreeMap, BTreeSet, VecDeque, btree_map::Entry};

use super::waiting::{Seat, TrainId, Waiting};
use crate::DeliveryKey;

#[derive(Debug)]
enum Unit {
    Single(Waiting),
    Train(TrainId),
}

/// What a train waits for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Stand {
    /// For a job.
    #[default]
    Empty,
    /// For its turn.
    Ring,
    /// For the job that is in flight.
    Busy,
    /// For this time.
    Until(i64),
}

#[derive(Debug, Default)]
struct Train {
    jobs: BTreeMap<Seat, Waiting>,
    stand: Stand,
    /// The job that is tried was tried before, or waits: what comes after it stays in the store.
    failing: bool,
}

/// The waiting jobs of a lane, in the order in which they go.
#[derive(Debug, Default)]
pub(super) struct Queue {
    /// A train stands here once while it has jobs and none in flight, and its first may go. One that left that
    /// state otherwise than by its turn is passed over.
    ring: VecDeque<Unit>,
    trains: BTreeMap<TrainId, Train>,
    waits: BTreeSet<(i64, TrainId)>,
    deliveries: usize,
    /// A sequence that was failing goes on or is gone.
    freed: bool,
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

    /// Whether what comes after the first of this sequence stays in the store.
    pub(super) fn is_failing(&self, id: TrainId) -> bool {
        self.trains.get(&id).is_some_and(|train| train.failing)
    }

    /// Whether a row with its place at `seat` stays in the store: it is not of the job that is tried.
    pub(super) fn passes_over(&self, id: TrainId, seat: Seat) -> bool {
        self.trains.get(&id).is_some_and(|train| train.failing && !train.jobs.contains_key(&seat))
    }

    /// Whether a sequence that was failing goes on or is gone since this was asked last.
    pub(super) fn take_freed(&mut self) -> bool {
        std::mem::take(&mut self.freed)
    }

    /// When the next train that waits for a time may go.
    pub(super) fn next_wake(&self) -> Option<i64> {
        self.waits.first().map(|(at, _)| *at)
    }

    /// Lets the trains go whose time has come.
    pub(super) fn wake(&mut self, now: i64) {
        while let Some((_, id)) = self.waits.first().copied().filter(|(at, _)| *at <= now) {
            self.waits.pop_first();
            if let Some(train) = self.trains.get_mut(&id) {
                train.stand = Stand::Ring;
                self.ring.push_back(Unit::Train(id));
            }
        }
    }

    /// Adds a job behind all others; within its train it stands by its place.
    pub(super) fn push(&mut self, now: i64, waiting: Waiting) {
        self.deliveries += waiting.len();
        match waiting.train() {
            None => self.ring.push_back(Unit::Single(waiting)),
            Some(id) => {
                self.insert(id, waiting);
                self.stand(now, id, false);
            }
        }
    }

    /// Puts a job that was in flight back to the head: it keeps its place.
    pub(super) fn put_back(&mut self, now: i64, waiting: Waiting) {
        self.deliveries += waiting.len();
        match waiting.train() {
            None => self.ring.push_front(Unit::Single(waiting)),
            Some(id) => {
                self.insert(id, waiting);
                self.arrived(id);
                self.stand(now, id, true);
            }
        }
    }

    /// The job of `id` that was in flight is over and did not come back: the train moves on.
    pub(super) fn moved_on(&mut self, now: i64, id: TrainId) {
        self.arrived(id);
        self.stand(now, id, false);
    }

    /// Takes the next job; its train then waits until it is over.
    pub(super) fn pop(&mut self) -> Option<Waiting> {
        let waiting = loop {
            match self.ring.pop_front()? {
                Unit::Single(waiting) => break waiting,
                Unit::Train(id) => {
                    let Some(train) = self.trains.get_mut(&id).filter(|train| train.stand == Stand::Ring)
                    else {
                        continue;
                    };
                    let Some((_, waiting)) = train.jobs.pop_first() else { continue };
                    train.stand = Stand::Busy;
                    train.failing = waiting.is_failing();
                    break waiting;
                }
            }
        };
        self.deliveries -= waiting.len();
        Some(waiting)
    }

    /// Takes the job that would go last, of a train the last one.
    pub(super) fn pop_last(&mut self, now: i64) -> Option<Waiting> {
        let waiting = match self.ring.pop_back() {
            Some(Unit::Single(waiting)) => waiting,
            Some(Unit::Train(id)) => {
                let last = self.trains.get_mut(&id).and_then(|train| train.jobs.pop_last());
                let Some((_, waiting)) = last else { return self.pop_last(now) };
                if self.trains.get(&id).is_some_and(|train| !train.jobs.is_empty()) {
                    self.ring.push_back(Unit::Train(id));
                }
                self.stand(now, id, false);
                waiting
            }
            None => {
                let (id, waiting) = self
                    .trains
                    .iter_mut()
                    .rev()
                    .find_map(|(id, train)| train.jobs.pop_last().map(|(_, waiting)| (*id, waiting)))?;
                self.stand(now, id, false);
                waiting
            }
        };
        self.deliveries -= waiting.len();
        Some(waiting)
    }

    /// Takes every job that `leaves` names, in no order that matters.
    pub(super) fn take_where(&mut self, now: i64, leaves: impl Fn(&Waiting) -> bool) -> Vec<Waiting> {
        let (mut taken, mut left) = (Vec::new(), Vec::new());
        for (id, train) in &mut self.trains {
            let before = taken.len();
            taken.extend(train.jobs.extract_if(.., |_, waiting| leaves(waiting)).map(|(_, waiting)| waiting));
            left.extend((taken.len() > before).then_some(*id));
        }
        for id in left {
            self.stand(now, id, false);
        }
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

    /// Takes deliveries out of the jobs in which they wait: jobs with them alone. All are looked for at once, for that
    /// means to look through all that waits.
    pub(super) fn remove(&mut self, now: i64, keys: &BTreeSet<DeliveryKey>) -> Vec<Waiting> {
        let mut taken = self.take_where(now, |waiting| waiting.keys().any(|key| keys.contains(&key)));
        for job in &mut taken {
            let mut rest = job.clone();
            let named = |idx| keys.contains(&DeliveryKey::new(rest.job.message, idx));
            job.job.open.retain(|open| named(open.idx));
            rest.job.open.retain(|open| !job.job.open.contains(open));
            if !rest.job.open.is_empty() {
                self.push(now, rest);
            }
        }
        taken
    }

    fn insert(&mut self, id: TrainId, waiting: Waiting) {
        match self.trains.entry(id).or_default().jobs.entry(waiting.seat()) {
            Entry::Vacant(vacant) => {
                vacant.insert(waiting);
            }
            Entry::Occupied(mut job) => job.get_mut().absorb(waiting),
        }
    }

    fn arrived(&mut self, id: TrainId) {
        if let Some(train) = self.trains.get_mut(&id) {
            train.stand = Stand::Empty;
        }
    }

    /// The jobs of a train changed: it waits for what its first job waits for.
    fn stand(&mut self, now: i64, id: TrainId, in_front: bool) {
        let Some(train) = self.trains.get_mut(&id) else { return };
        if train.stand == Stand::Busy {
            return;
        }
        let first = train.jobs.first_key_value().map(|(_, first)| (first.not_before, first.is_failing()));
        let failing = first.is_some_and(|(_, failing)| failing);
        self.freed |= std::mem::replace(&mut train.failing, failing) && !failing;
        let stand = match first {
            None => Stand::Empty,
            Some((at, _)) if at > now => Stand::Until(at),
            Some(_) => Stand::Ring,
        };
        let before = std::mem::replace(&mut train.stand, stand);
        if before == stand && stand != Stand::Empty {
            return;
        }
        if let Stand::Until(at) = before {
            self.waits.remove(&(at, id));
        }
        match stand {
            Stand::Empty => drop(self.trains.remove(&id)),
            Stand::Until(at) => drop(self.waits.insert((at, id))),
            Stand::Ring if in_front => self.ring.push_front(Unit::Train(id)),
            _ => self.ring.push_back(Unit::Train(id)),
        }
    }
}
