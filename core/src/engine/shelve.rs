//! Putting jobs out of memory: what has no row yet gets one, what has one is forgotten until it is read again.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    admit::paused,
    event::{Action, Batch, CancelAnswer, Job, Open},
    hot::Whereabouts,
    machine::Engine,
    records::{Landing, Origin, Row},
    waiting::{Waiting, train},
};
use crate::{Deferred, DeliveryKey, Failure, LaneId, Settlement, State, Why};

/// The most jobs that one lane spills at once.
const SLICE: usize = 256;
/// How often slow lanes are looked for, milliseconds.
const RELIEVE_MS: u64 = 100;

/// How a delivery waits in the store.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wait {
    /// When it is due; in an ordered lane, its place.
    pub(super) due: i64,
    /// `Deferred::not_before`.
    pub(super) not_before: i64,
    /// Why it waits.
    pub(super) why: Why,
    /// How its row comes to be written.
    pub(super) origin: Origin,
}

impl Engine {
    /// Puts a job that is in no queue out of memory.
    pub(super) fn shelve(&mut self, now: i64, waiting: Waiting, why: Why, origin: Origin) {
        let id = waiting.job.lane;
        let wait = Wait { due: waiting.due, not_before: waiting.not_before, why, origin };
        for open in waiting.job.open.iter().filter(|open| !open.stored) {
            self.defer(&waiting, *open, wait, None);
        }
        let lane = self.lanes.entry(id).or_default();
        let follows = waiting.ordered && waiting.train().is_some_and(|train| lane.queue.is_failing(train));
        let parked = follows || lane.blocks(&waiting.job.policy);
        for open in waiting.job.open.iter().filter(|open| open.stored) {
            let key = DeliveryKey::new(waiting.job.message, open.idx);
            lane.rows.at((waiting.due, key), parked);
            lane.rows.keep_order(waiting.due);
            lane.rows.left();
            if self.hot.leaves_ahead(key) {
                lane.rows.written(waiting.due, Origin::Evicted);
            }
        }
        if waiting.probe {
            lane.breaker.probe_lost();
        }
        self.hot.release(&waiting);
        self.count(now, id);
    }

    /// Puts out of memory whatever may not be attempted while its lane is paused or held.
    pub(super) fn evict(&mut self, now: i64, id: LaneId) {
        let held = self.lanes.get(&id).is_none_or(|lane| self.is_held(lane));
        let Some(lane) = self.lanes.get_mut(&id) else { return };
        let why = if held { Why::Held } else { paused(lane) };
        let paused = lane.breaker.pause().is_some_and(|pause| pause.account || lane.is_ordered());
        let leaving =
            lane.queue.take_where(now, |waiting| held || paused || lane.breaker.blocks(&waiting.job.policy));
        for waiting in leaving {
            self.shelve(now, waiting, why, Origin::Evicted);
        }
    }

    /// Puts out of memory what comes after `head` in its train: `head` leaves without giving its place away.
    pub(super) fn evict_train(&mut self, now: i64, head: &Waiting) {
        let (Some(train), Some(lane)) = (head.train(), self.lanes.get_mut(&head.job.lane)) else { return };
        for waiting in lane.queue.take_where(now, |waiting| waiting.train() == Some(train)) {
            self.shelve(now, waiting, Why::Spilled, Origin::Evicted);
        }
    }

    /// While memory is scarce, slow lanes keep no more than their share.
    pub(super) fn relieve(&mut self, now: i64) {
        let soon = now.abs_diff(self.relieved) < RELIEVE_MS;
        if soon || !self.hot.pressed(&self.limits) {
            return;
        }
        self.relieved = now;
        let share = self.crowd.share(&self.limits);
        for id in self.crowd.above(share) {
            let Some(lane) = self.lanes.get_mut(&id) else { continue };
            let busy = lane.rows.reading() || lane.breaker.pause().is_some();
            if busy || !lane.pace.is_slow(now, lane.queue.deliveries()) {
                continue;
            }
            let mut tail = Vec::new();
            while lane.queue.deliveries() > share && tail.len() < SLICE {
                let Some(last) = lane.queue.pop_last(now) else { break };
                tail.push(last);
            }
            for waiting in tail {
                self.shelve(now, waiting, Why::Spilled, Origin::Evicted);
            }
            self.touch(id);
        }
    }

    /// Writes the row of a delivery that waits.
    pub(super) fn defer(&mut self, waiting: &Waiting, open: Open, wait: Wait, failure: Option<Failure>) {
        let Waiting { job, ordered, .. } = waiting;
        let Wait { due, not_before, why, origin } = wait;
        let key = DeliveryKey::new(job.message, open.idx);
        let train = train(job, *ordered).filter(|_| *ordered);
        let row = Row { lane: job.lane, due, train, keeps_times: job.policy.keeps_times(), origin };
        self.lanes.entry(job.lane).or_default().rows.written(due, origin);
        let deferred = Deferred {
            key,
            first: job.first,
            target: job.target,
            lane: job.lane,
            due,
            not_before,
            why,
            n: open.n,
            tries: open.tries,
            since: open.since,
            bytes: job.bytes,
            post: job.post,
            until: job.until,
        };
        let outcome = failure.is_some();
        self.record(Settlement::Deferred { row: deferred, failure }, Some(row), outcome);
    }

    /// Hands a settlement to the next batch.
    pub(super) fn record(&mut self, settlement: Settlement, row: Option<Row>, outcome: bool) {
        let key = settlement.key();
        self.hot.settled(key, row.is_some());
        self.records.gather(settlement, Landing { key, row, outcome });
    }

    /// Ends a delivery.
    pub(super) fn close(&mut self, now: i64, job: &Job, open: Open, state: State, n: u32, code: u32) {
        let key = DeliveryKey::new(job.message, open.idx);
        self.record(Settlement::Closed { key, state, n, at: now, code, deferred: open.stored }, None, true);
    }

    /// A batch is durable: its rows can be read now.
    pub(super) fn durable(&mut self, batch: Batch) {
        for landing in self.records.durable(batch) {
            let gone = self.hot.durable(landing.key);
            if let Some((id, true)) = gone
                && let Some(lane) = self.lanes.get_mut(&id)
            {
                lane.rows.landed(Origin::Evicted);
                self.touch(id);
            }
            let Some(row) = landing.row else { continue };
            let Some(lane) = self.lanes.get_mut(&row.lane) else { continue };
            lane.rows.landed(row.origin);
            if gone.is_some() {
                let ordered = lane.is_ordered();
                let blocked = |account: bool| account || ordered || !row.keeps_times;
                let follows = row.train.is_some_and(|train| lane.queue.is_failing(train));
                let parked = follows || lane.breaker.pause().is_some_and(|pause| blocked(pause.account));
                lane.rows.at((row.due, landing.key), parked);
            }
            self.touch(row.lane);
        }
    }

    /// The owner cancels deliveries.
    pub(super) fn cancel(&mut self, now: i64, keys: Vec<DeliveryKey>, actions: &mut Vec<Action>) {
        let mut waiting: BTreeMap<LaneId, BTreeSet<DeliveryKey>> = BTreeMap::new();
        for key in &keys {
            if let Whereabouts::Waiting(lane) = self.hot.find(*key) {
                waiting.entry(lane).or_default().insert(*key);
            }
        }
        let mut removed = BTreeSet::new();
        for (lane, keys) in waiting {
            self.cancel_waiting(now, lane, &keys, &mut removed);
        }
        for key in keys {
            let answer =
                if removed.contains(&key) { CancelAnswer::Cancelled } else { self.cancel_one(now, key) };
            actions.push(Action::CancelAnswer { key, answer });
        }
    }

    fn cancel_one(&mut self, now: i64, key: DeliveryKey) -> CancelAnswer {
        match self.hot.find(key) {
            Whereabouts::Flying => {
                self.hot.cancel(key);
                CancelAnswer::InFlight
            }
            Whereabouts::Leaving => {
                let (state, deferred) = (State::Cancelled, true);
                self.record(Settlement::Closed { key, state, n: 0, at: now, code: 0, deferred }, None, true);
                CancelAnswer::Cancelled
            }
            Whereabouts::Waiting(_) => CancelAnswer::NotHot,
            Whereabouts::Elsewhere => {
                self.hot.haunt(key);
                CancelAnswer::NotHot
            }
        }
    }

    fn cancel_waiting(
        &mut self,
        now: i64,
        id: LaneId,
        keys: &BTreeSet<DeliveryKey>,
        removed: &mut BTreeSet<DeliveryKey>,
    ) {
        let Some(lane) = self.lanes.get_mut(&id) else { return };
        for waiting in lane.queue.remove(now, keys) {
            for open in &waiting.job.open {
                self.close(now, &waiting.job, *open, State::Cancelled, open.n, 0);
            }
            self.over(now, &waiting);
            removed.extend(waiting.keys());
        }
    }

    /// A job is over without an attempt.
    pub(super) fn over(&mut self, now: i64, waiting: &Waiting) {
        let id = waiting.job.lane;
        self.hot.release(waiting);
        if waiting.probe
            && let Some(lane) = self.lanes.get_mut(&id)
        {
            lane.breaker.probe_lost();
        }
        self.count(now, id);
        self.touch(id);
    }
}
