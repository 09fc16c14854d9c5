//! A lane: one project's way to one destination.

use super::{breaker::Breaker, event::GateId, pace::Pace, rows::Rows, throttle::Throttle, train::Queue};
use crate::{LaneRules, ProjectId};

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
    /// When it may go on, as the timers have it.
    pub(super) snooze: Option<i64>,
}

impl Lane {
    /// Whether as many of its attempts are under way as it may have.
    pub(super) fn is_full(&self) -> bool {
        self.rules.max_in_flight.is_some_and(|most| self.in_flight >= most.get())
    }

    /// When its rows are to be read, if there is room for them: `refill` deliveries in memory are enough.
    pub(super) fn wants(&self, refill: usize) -> Option<i64> {
        if !self.rows.readable() {
            return None;
        }
        let refill = self.rows.next().filter(|_| self.queue.deliveries() < refill.max(1)).map(|(due, _)| due);
        match self.breaker.pause() {
            None => refill,
            Some(pause) => {
                let probe = self.rows.first().filter(|_| !pause.probing).map(|(due, _)| due.max(pause.probe));
                let sweep = refill.filter(|_| !pause.account);
                [probe, sweep].into_iter().flatten().min()
            }
        }
    }

    /// Whether a probe is to be looked for at `now`.
    pub(super) fn wants_probe(&self, now: i64) -> bool {
        let due = self.rows.first().is_some_and(|(due, _)| due <= now);
        due && self.breaker.pause().is_some_and(|pause| !pause.probing && pause.probe <= now)
    }
}
