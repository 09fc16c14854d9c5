//! Lanes and gates that nothing leads to any more.

use super::{
    event::{Action, GateId, Notable},
    gate::Gate,
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
        if let Some(gate) = lane.gate {
            self.led.remove(&(gate, id));
        }
        self.timers.reads.set(id, lane.alarm, None);
        self.timers.turns.set(id, lane.snooze, None);
        self.crowd.set(id, 0);
        self.suspects.retain(|other| *other != id);
        self.behind_backlog.retain(|(_, other)| *other != id);
    }

    /// The lanes that lead to a gate.
    pub(super) fn lanes_of(&self, id: GateId) -> Vec<LaneId> {
        let all = (id, LaneId(i64::MIN))..=(id, LaneId(i64::MAX));
        self.led.range(all).map(|(_, lane)| *lane).collect()
    }

    /// Nothing that is stored leads to a gate. Who is gone and waits behind it finds that nothing is left.
    pub(super) fn gate_gone(&mut self, now: i64, id: GateId) {
        let Some(gate) = self.gates.get_mut(&id) else { return };
        gate.release();
        self.gates_gone.insert(id);
        self.lanes_of(id).into_iter().for_each(|lane| self.touch(lane));
        self.call_next(now, id);
    }

    /// Forgets the gates that are gone, that no lane leads to, and through which nothing is under way.
    pub(super) fn forget_gates(&mut self) {
        for id in self.gates_gone.clone() {
            if !self.lanes_of(id).is_empty() || self.gates.get(&id).is_some_and(Gate::is_used) {
                continue;
            }
            self.gates_gone.remove(&id);
            if let Some(gate) = self.gates.remove(&id) {
                self.timers.gates.set(id, gate.alarm, None);
            }
        }
    }
}
