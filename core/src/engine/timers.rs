//! When lanes and gates are to be looked at again.

use std::collections::BTreeSet;

use super::event::{Action, GateId};
use crate::LaneId;

/// Times at which some of a kind want something, one each.
#[derive(Debug, Default)]
pub(super) struct Alarms<K>(BTreeSet<(i64, K)>);

impl<K: Copy + Default + Ord> Alarms<K> {
    /// Moves the alarm of `one`.
    pub(super) fn set(&mut self, one: K, from: Option<i64>, to: Option<i64>) {
        if from != to {
            if let Some(at) = from {
                self.0.remove(&(at, one));
            }
            if let Some(at) = to {
                self.0.insert((at, one));
            }
        }
    }

    /// The one that is due and waits longest.
    pub(super) fn due(&self, now: i64) -> Option<K> {
        self.0.first().filter(|(at, _)| *at <= now).map(|(_, one)| *one)
    }

    /// All of them.
    pub(super) fn all(&self) -> Vec<K> {
        self.0.iter().map(|(_, one)| *one).collect()
    }

    /// The first after `now`; no number is below that of the default.
    fn after(&self, now: i64) -> Option<i64> {
        self.0.range((now.saturating_add(1), K::default())..).next().map(|(at, _)| *at)
    }
}

/// The times at which lanes want to be read, or lanes and gates may go on.
#[derive(Debug, Default)]
pub(super) struct Timers {
    /// When rows are to be read.
    pub(super) reads: Alarms<LaneId>,
    /// When a lane that keeps a rate, or rests, may go on.
    pub(super) turns: Alarms<LaneId>,
    /// When a gate that keeps a rate lets somebody pass again.
    pub(super) gates: Alarms<GateId>,
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
        let next = [self.reads.after(now), self.turns.after(now), self.gates.after(now), again]
            .into_iter()
            .flatten()
            .min();
        if next != self.told {
            self.told = next;
            actions.extend(next.map(Action::WakeAt));
        }
    }
}
