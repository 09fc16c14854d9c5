//! Lanes that nothing leads to any more.

use super::{
    event::{Action, Notable},
    machine::Engine,
};
use crate::LaneId;

impl Engine {
    /// The store has forgotten a lane: so does the engine, as soon as nothing of it is left here.
    pub(super) fn lane_gone(&mut self, id: LaneId) {
        if self.lanes.contains_key(&id) {
            self.gone.insert(id);
        }
    }

    /// Forgets the lanes that are gone and of which nothing is in memory, on its way, or known to be in the store.
    pub(super) fn forget_lanes(&mut self, actions: &mut Vec<Action>) {
        // What is being read may lie in one of them.
        if self.gone.is_empty() || self.reading.is_some() {
            return;
        }
        for id in self.gone.clone() {
            if self.is_over(id) {
                self.gone.remove(&id);
                self.forget_lane(id);
                actions.push(Action::Raise(Notable::LaneForgotten { lane: id }));
            }
        }
    }

    fn is_over(&self, id: LaneId) -> bool {
        let empty = self.lanes.get(&id).is_none_or(|lane| {
            let in_memory = lane.in_flight > 0 || lane.queue.deliveries() > 0 || lane.promise.is_some();
            !in_memory && lane.rows.is_empty()
        });
        empty && !self.records.lead_to(id)
    }

    /// Where it waited for a turn it is not found any more, and passed over.
    fn forget_lane(&mut self, id: LaneId) {
        let Some(lane) = self.lanes.remove(&id) else { return };
        self.timers.reads.set(id, lane.alarm, None);
        self.timers.turns.set(id, lane.snooze, None);
        self.crowd.set(id, 0);
        self.suspects.retain(|other| *other != id);
        self.behind_backlog.retain(|(_, other)| *other != id);
    }
}
