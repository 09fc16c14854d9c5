//! When lanes are to be looked at again.

use std::collections::BTreeSet;

use super::event::Action;
use crate::LaneId;

/// Times at which lanes want something, one a lane.
#[derive(Debug, Default)]
pub(super) struct Alarms(BTreeSet<(i64, LaneId)>);

impl Alarms {
    /// Moves the alarm of `lane`.
    pub(super) fn set(&mut self, lane: LaneId, from: Option<i64>, to: Option<i64>) {
        if from != to {
            if let Some(at) = from {
                self.0.remove(&(at, lane));
            }
            if let Some(at) = to {
                self.0.insert((at, lane));
            }
        }
    }

    /// The lane that is due and waits longest.
    pub(super) fn due(&self, now: i64) -> Option<LaneId> {
        self.0.first().filter(|(at, _)| *at <= now).map(|(_, lane)| *lane)
    }

    fn after(&self, now: i64) -> Option<i64> {
        self.0.range((now.saturating_add(1), LaneId(i64::MIN))..).next().map(|(at, _)| *at)
    }
}

/// The times at which lanes want to be read, or may go on.
#[derive(Debug, Default)]
pub(super) struct Timers {
    /// When rows are to be read.
    pub(super) reads: Alarms,
    /// When a lane that keeps a rate, or rests, may go on.
    pub(super) turns: Alarms,
    told: Option<i64>,
}

impl Timers {
    /// It was woken, be it too early: what was asked for is used up.
    pub(super) fn woken(&mut self) {
        self.told = None;
    }

    /// Asks to be woken at the next alarm after `now`, or at `again` if that is sooner.
    pub(super) fn wake(&mut self, now: i64, again: i64, actions: &mut Vec<Action>) {
        let again = Some(again).filter(|at| *at > now);
        let next = [self.reads.after(now), self.turns.after(now), again].into_iter().flatten().min();
        if next != self.told {
            self.told = next;
            actions.extend(next.map(Action::WakeAt));
        }
    }
}
