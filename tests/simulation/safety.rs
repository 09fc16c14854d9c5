//! What must hold at every moment. Knows only what was asked and said, never how the engine does it.

use std::collections::{BTreeMap, BTreeSet};

use nuncio_core::{
    Cursor, Deferred, DeliveryKey, LaneId, OnDead, Settlement, State, TargetId, Why,
    engine::{Batch, End, GateId, Job, Limits, Ticket},
};

use crate::{
    caps::{Bounds, Caps},
    options::Options,
    order::Orders,
    store::Store,
};

/// What is known of one delivery.
#[derive(Clone, Debug, Default)]
struct Life {
    flying: bool,
    /// It ended, durably or in a batch that this engine sent.
    over: Option<State>,
    /// When it is due, as the last row said.
    due: i64,
    /// The last attempt.
    n: u32,
    /// It gave its place in the train away: tried again later, scheduled anew, cancelled.
    late: bool,
    /// Its owner cancelled it or took it back from the dead: it has no place in a sequence.
    outside: bool,
    /// Its owner made it due earlier: it leaves its train behind.
    hastened: bool,
    /// The era of its lane when it was accepted: what was accepted before an order changed is not held to it.
    era: u32,
    /// The far side has it and said so to this engine.
    delivered: bool,
}

#[derive(Default)]
pub(crate) struct Safety {
    lives: BTreeMap<DeliveryKey, Life>,
    trains: BTreeMap<(i64, TargetId), BTreeSet<DeliveryKey>>,
    caps: Caps,
    pub(crate) orders: Orders,
    /// Accepted, and nothing said of it by the store or by this engine.
    unrecorded: BTreeSet<DeliveryKey>,
    undurable: BTreeMap<Batch, usize>,
    /// Deliveries that another of their train overtook: the next batch must say that they ended or gave way.
    owed: Vec<(DeliveryKey, DeliveryKey)>,
    /// The same in a sequence: it must say that they ended.
    owed_in_order: Vec<(DeliveryKey, DeliveryKey)>,
    largest: usize,
    stalled: bool,
    draining: bool,
}

impl Safety {
    pub(crate) fn accepted(&mut self, job: &Job, due: i64, world: &Options) {
        self.largest = self.largest.max(job.open.len());
        for open in &job.open {
            let key = DeliveryKey::new(job.message, open.idx);
            let era = self.orders.era(job.lane);
            self.lives.insert(key, Life { due, era, ..Life::default() });
            self.orders.accepted(job, key, due, world);
            if due == 0 {
                self.unrecorded.insert(key);
            }
            if job.post > 0 {
                self.trains.entry((job.post, job.target)).or_default().insert(key);
            }
        }
    }

    pub(crate) fn dispatched(&mut self, ticket: Ticket, job: &Job, at: &Bounds<'_>) -> Result<(), String> {
        if self.stalled || self.draining {
            return Err(format!("{job:?} is dispatched while nothing may be"));
        }
        let first = job.open.first().ok_or("a notice without recipients")?;
        for open in &job.open {
            self.begins(DeliveryKey::new(job.message, open.idx), open.n, at.clock.latest)?;
        }
        self.train_keeps_order(job, DeliveryKey::new(job.message, first.idx))?;
        self.sequence_keeps_order(DeliveryKey::new(job.message, first.idx))?;
        let outcomes = self.undurable.values().sum::<usize>() + 1;
        if outcomes > at.world.limits.undurable as usize {
            return Err(format!("{outcomes} outcomes are not durable, more than may be"));
        }
        self.caps.dispatched(ticket, job, at)
    }

    fn begins(&mut self, key: DeliveryKey, n: u32, latest: i64) -> Result<(), String> {
        let life = self.lives.get_mut(&key).ok_or_else(|| format!("{key:?} was never accepted"))?;
        let wrong = match life {
            Life { flying: true, .. } => Some("is in flight twice"),
            Life { delivered: true, .. } => Some("is sent again after it was delivered"),
            Life { over: Some(_), .. } => Some("is sent after it ended"),
            Life { due, .. } if *due > latest + 999 => Some("is sent before it is due"),
            Life { n: last, .. } if n <= *last => Some("has an attempt number that was used"),
            _ => None,
        };
        life.flying = true;
        life.n = n;
        wrong.map_or(Ok(()), |wrong| Err(format!("{key:?} {wrong}: {life:?}")))
    }

    fn train_keeps_order(&mut self, job: &Job, first: DeliveryKey) -> Result<(), String> {
        let Some(train) = self.trains.get(&(job.post, job.target)) else { return Ok(()) };
        let life = &self.lives[&first];
        if life.hastened || life.era != self.orders.era(job.lane) {
            return Ok(());
        }
        for key in train.iter().filter(|key| key.message != job.message) {
            let life = &self.lives[key];
            if life.flying {
                return Err(format!("{first:?} goes beside {key:?} of its train: {life:?}"));
            }
            if *key < first && life.over.is_none() && !life.late {
                self.owed.push((*key, first));
            }
        }
        Ok(())
    }

    fn sequence_keeps_order(&mut self, key: DeliveryKey) -> Result<(), String> {
        if self.lives.get(&key).is_none_or(|life| life.outside) {
            return Ok(());
        }
        let lives = &self.lives;
        let is_open = |other: DeliveryKey| lives.get(&other).is_some_and(|life| life.over.is_none());
        for (other, comes_before) in self.orders.beside(key, is_open) {
            let life = &self.lives[&other];
            if life.flying {
                return Err(format!("{key:?} goes beside {other:?} of its sequence: {life:?}"));
            }
            if comes_before && !life.outside {
                self.owed_in_order.push((other, key));
            }
        }
        Ok(())
    }

    pub(crate) fn finished(
        &mut self,
        ticket: Ticket,
        ends: &[(u32, End)],
        timed_out: bool,
        elapsed: i64,
        world: &Options,
    ) {
        let Some(flight) = self.caps.finished(ticket, ends, timed_out, elapsed, world) else { return };
        let job = flight.job;
        for open in &job.open {
            let life = self.lives.entry(DeliveryKey::new(job.message, open.idx)).or_default();
            life.flying = false;
            match ends.iter().find(|(idx, _)| *idx == open.idx) {
                Some((_, End::Report(report))) => {
                    life.delivered = report.outcome == nuncio_core::Outcome::Delivered;
                }
                // The attempt was not made: its number is free again.
                Some(_) => life.n = open.n - 1,
                None => {}
            }
        }
    }

    pub(crate) fn recorded(
        &mut self,
        batch: Batch,
        settlements: &[Settlement],
        low: Cursor,
        world: &Options,
    ) -> Result<(), String> {
        let mut outcomes = 0;
        for settlement in settlements {
            let key = settlement.key();
            self.unrecorded.remove(&key);
            let life = self.lives.get_mut(&key).ok_or_else(|| format!("{key:?} was never accepted"))?;
            if let (Some(state), false) = (life.over, life.late) {
                return Err(format!("{key:?} is settled after it ended as {state:?}: {settlement:?}"));
            }
            match settlement {
                Settlement::Closed { state, .. } => life.over = Some(*state),
                Settlement::Dead { lane, .. } => {
                    life.over = Some(State::Dead);
                    let stops =
                        world.rules(*lane).ordered.as_ref().is_some_and(|by| by.on_dead == OnDead::Stop);
                    if stops && self.orders.holds(key) {
                        return Err(format!("{key:?} is buried although its sequence stops then"));
                    }
                }
                Settlement::Deferred { row, failure } => {
                    life.due = may_go(row, world);
                    // Compared with when the attempt ended: the batch may be sent much later.
                    life.late |= failure.as_ref().is_some_and(|failure| row.due > failure.at + failure.ms);
                    outcomes += usize::from(failure.is_some());
                    continue;
                }
            }
            outcomes += 1;
        }
        self.undurable.insert(batch, outcomes);
        for (key, by) in self.owed.drain(..) {
            let life = &self.lives[&key];
            if life.over.is_none() && !life.late {
                return Err(format!("{by:?} did not wait for {key:?} of its train: {life:?}"));
            }
        }
        for (key, by) in self.owed_in_order.drain(..) {
            let life = &self.lives[&key];
            if life.over.is_none() && !life.outside {
                return Err(format!("{by:?} overtook {key:?} of its sequence: {life:?}"));
            }
        }
        match self.unrecorded.first() {
            Some(key) if (Cursor { message: key.message, idx: key.idx }) < low => {
                Err(format!("the low watermark {low:?} runs ahead of {key:?}"))
            }
            _ => Ok(()),
        }
    }

    pub(crate) fn durable(&mut self, batch: Batch) {
        self.undurable.remove(&batch);
        self.stalled = false;
    }

    pub(crate) fn store_failed(&mut self) {
        self.stalled = !self.undurable.is_empty();
    }

    pub(crate) fn drains(&mut self) {
        self.draining = true;
    }

    pub(crate) fn lane_paused(&mut self, lane: LaneId) {
        self.caps.paused(lane);
    }

    pub(crate) fn lane_resumed(&mut self, lane: LaneId) {
        self.caps.resumed(lane);
    }

    pub(crate) fn lane_forgotten(&mut self, lane: LaneId) {
        self.caps.forgotten(lane);
    }

    pub(crate) fn gate_gone(&mut self, gate: GateId) {
        self.caps.gate_gone(gate);
    }

    pub(crate) fn lane_ruled(&mut self, lane: LaneId) {
        self.caps.ruled(lane);
    }

    /// Somebody else ended it; the engine may not know.
    pub(crate) fn cancelled_outside(&mut self, key: DeliveryKey) {
        self.unrecorded.remove(&key);
        self.gives_way(key);
    }

    /// Somebody else is about to end it.
    pub(crate) fn gives_way(&mut self, key: DeliveryKey) {
        if let Some(life) = self.lives.get_mut(&key) {
            (life.late, life.outside) = (true, true);
        }
    }

    /// Somebody else made it due again.
    pub(crate) fn requeued(&mut self, key: DeliveryKey, now: i64) {
        if let Some(life) = self.lives.get_mut(&key) {
            *life = Life {
                due: now,
                late: true,
                outside: true,
                n: life.n,
                flying: life.flying,
                era: life.era,
                ..Life::default()
            };
        }
    }

    /// Somebody else made it due earlier.
    pub(crate) fn hastened(&mut self, key: DeliveryKey, now: i64) {
        if let Some(life) = self.lives.get_mut(&key) {
            (life.due, life.late, life.hastened) = (life.due.min(now), true, true);
        }
    }

    /// A new engine knows only what the store has.
    pub(crate) fn restarted(&mut self, store: &Store, world: &Options) {
        self.caps = Caps::default();
        self.undurable.clear();
        self.owed.clear();
        self.owed_in_order.clear();
        self.orders.restarted();
        self.stalled = false;
        self.draining = false;
        self.unrecorded = store.bare.clone();
        for (key, life) in &mut self.lives {
            let (flying, delivered) = (false, false);
            let over = if store.is_over(*key) { life.over.or(Some(State::Dead)) } else { None };
            let due = store.rows.get(key).map_or(0, |row| may_go(row, world));
            *life = Life { flying, over, due, n: store.last_attempt(*key), delivered, ..life.clone() };
        }
    }

    /// What is in memory keeps its cap: one job may pass it while a quarter is free.
    pub(crate) fn memory(&self, hot: usize, limits: &Limits) -> Result<(), String> {
        let most = limits.hot_deliveries as usize;
        let most = most.max(most * 3 / 4 + self.largest);
        if hot <= most { Ok(()) } else { Err(format!("{hot} deliveries in memory, more than {most}")) }
    }

    pub(crate) fn keys(&self) -> impl Iterator<Item = DeliveryKey> + '_ {
        self.lives.keys().copied()
    }
}

/// When the delivery of a row may go: in order its due time is its place, unless somebody else wrote it.
fn may_go(row: &Deferred, world: &Options) -> i64 {
    let ordered = world.rules(row.lane).ordered.is_some();
    if ordered && row.why != Why::Scheduled { row.not_before } else { row.due.max(row.not_before) }
}
