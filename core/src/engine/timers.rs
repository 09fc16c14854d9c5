//! When lanes are to be read.

use std::collections::BTreeSet;

use super::event::Action;
use crate::LaneId;

/// The times at which lanes want to be read.
#[derive(Debug, Default)]
pub(super) struct Timers {
    alarms: BTreeSet<(i64, LaneId)>,
    told: Option<i64>,
}

impl Timers {
    /// Moves the alarm of `lane`.
    pub(super) fn set(&mut self, lane: LaneId, from: Option<i64>, to: Option<i64>) {
        if from != to {
            if let Some(at) = from {
                self.alarms.remove(&(at, lane));
            }
            if let Some(at) = to {
                self.alarms.insert((at, lane));
            }
        }
    }

    /// The lane that is due and waits longest.
    pub(super) fn due(&self, now: i64) -> Option<LaneId> {
        self.alarms.first().filter(|(at, _)| *at <= now).map(|(_, lane)| *lane)
    }

    /// It was woken, be it too early: what was asked for is used up.
    pub(super) fn woken(&mut self) {
        self.told = None;
    }

    /// Asks to be woken at the next alarm after `now`, or at `again` if that is sooner.
    pub(super) fn wake(&mut self, now: i64, again: i64, actions: &mut Vec<Action>) {
        let alarm = self.alarms.range((now.saturating_add(1), LaneId(i64::MIN))..).next().map(|(at, _)| *at);
        let next = [alarm, Some(again).filter(|at| *at > now)].into_iter().flatten().min();
        if next != self.told {
            self.told = next;
            actions.extend(next.map(Action::WakeAt));
        }
    }
}
