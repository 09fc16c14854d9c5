//! A lane: one project's way to one destination.

use super::{
    backlog::Handed, breaker::Breaker, event::GateId, pace::Pace, rows::Rows, throttle::Throttle,
    train::Queue,
};
use crate::{LaneRules, OnDead, ProjectId, retry::Policy};

/// Where a lane waits for its turn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Turn {
    /// Nowhere: it has nothing to attempt.
    #[default]
    Idle,
    /// In the round robin.
    Ready,
    /// For a slot of its gate.
    AtGate,
    /// For the share of the slots that slow lanes have.
    AmongSuspects,
    /// For one of its own attempts to end.
    AtCap,
    /// For its rate, or to the end of its rest.
    Throttled,
}

/// One project's way to one destination.
#[derive(Debug, Default)]
pub(super) struct Lane {
    pub(super) project: ProjectId,
    /// `None` until its rules are told; it is held until then.
    pub(super) gate: Option<GateId>,
    pub(super) rules: LaneRules,
    pub(super) queue: Queue,
    pub(super) rows: Rows,
    pub(super) breaker: Breaker,
    pub(super) pace: Pace,
    pub(super) throttle: Throttle,
    pub(super) turn: Turn,
    /// The gate that keeps a slot for it.
    pub(super) promise: Option<GateId>,
    pub(super) in_flight: u32,
    /// Its last attempt timed out, or it is paused.
    pub(super) suspect: bool,
    /// When it is to be read, as the timers have it.
    pub(super) alarm: Option<i64>,
    /// When its rate or its rest lets it go on.
    pub(super) throttled: Option<i64>,
    /// When something of it may go on, as the timers have it.
    pub(super) snooze: Option<i64>,
}

impl Lane {
    /// Whether as many of its attempts are under way as it may have.
    pub(super) fn is_full(&self) -> bool {
        self.rules.max_in_flight.is_some_and(|most| self.in_flight >= most.get())
    }

    /// Whether nothing in it overtakes what comes before it in its sequence.
    pub(super) fn is_ordered(&self) -> bool {
        self.rules.ordered.is_some()
    }

    /// Whether a sequence stops at a delivery that is given up.
    pub(super) fn stops(&self) -> bool {
        self.rules.ordered.as_ref().is_some_and(|order| order.on_dead == OnDead::Stop)
    }

    /// Whether jobs under `policy` stay out of memory. In order, what keeps its own times waits for what does not.
    pub(super) fn blocks(&self, policy: &Policy) -> bool {
        self.breaker.blocks(policy) || (self.is_ordered() && self.breaker.pause().is_some())
    }

    /// Up to when its rows are read at `now`. In an ordered lane the place of a row may lie ahead of a clock that was
    /// set back; and nothing is read that comes after what was not handed over yet. Elsewhere, whatever is due within
    /// the same second comes together.
    pub(super) fn until(&self, now: i64, handed: Handed) -> i64 {
        match self.is_ordered() {
            true => now.max(handed.issued).min(handed.below - 1),
            false => now - now.rem_euclid(1_000) + 999,
        }
    }

    /// When a row at `due` is to be read, if that is known.
    fn reads(&self, due: i64, handed: Handed) -> Option<i64> {
        match self.is_ordered() {
            true if due >= handed.below => None,
            true if due <= handed.issued => Some(i64::MIN),
            _ => Some(due),
        }
    }

    /// When its rows are to be read, if there is room for them: `refill` deliveries in memory are enough.
    pub(super) fn wants(&self, refill: usize, handed: Handed) -> Option<i64> {
        if !self.rows.readable() {
            return None;
        }
        let at = |(due, _)| self.reads(due, handed);
        let refill = self.rows.next().filter(|_| self.queue.deliveries() < refill.max(1)).and_then(at);
        let refill = refill.map(|at| at.max(self.rows.asleep()));
        match self.breaker.pause() {
            None => refill,
            Some(pause) => {
                let first = self.rows.first().filter(|_| !pause.probing).and_then(at);
                let probe = first.map(|at| at.max(pause.probe));
                let sweep = refill.filter(|_| !pause.account);
                [probe, sweep].into_iter().flatten().min()
            }
        }
    }

    /// Whether a probe is to be looked for at `now`.
    pub(super) fn wants_probe(&self, now: i64, handed: Handed) -> bool {
        let first = self.rows.first().and_then(|(due, _)| self.reads(due, handed));
        let due = first.is_some_and(|at| at <= now);
        due && self.breaker.pause().is_some_and(|pause| !pause.probing && pause.probe <= now)
    }
}
