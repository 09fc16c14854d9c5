//! Lanes and gates by number: the engine knows them by nothing else.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use nuncio_core::{
    Dispatcher, LaneId,
    engine::{Event, GateId},
};

use crate::storage::LaneRow;

/// Every lane that was told to the engine, and the gate it leads to.
pub(super) struct Lanes {
    dispatcher: Dispatcher,
    max_slots: u32,
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    lanes: HashMap<LaneId, Arc<LaneRow>>,
    gates: HashMap<(String, String), GateId>,
}

impl Lanes {
    pub(super) fn new(dispatcher: Dispatcher, max_slots: u32) -> Self {
        Self { dispatcher, max_slots, known: Mutex::default() }
    }

    /// Notes new lanes and says what the engine must be told of them, and of gates that are new with them.
    pub(super) fn add(&self, rows: Vec<LaneRow>) -> Vec<Event> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let mut events = Vec::new();
        for row in rows {
            let next = GateId(known.gates.len() as u32);
            let key = (row.driver.clone(), row.destination.clone());
            let gate = *known.gates.entry(key).or_insert(next);
            if gate == next {
                events.push(self.rules(gate, &row.driver));
            }
            events.push(Event::LaneRules { lane: row.id, project: row.project, gate });
            known.lanes.insert(row.id, Arc::new(row));
        }
        events
    }

    fn rules(&self, gate: GateId, driver: &str) -> Event {
        let entry = self.dispatcher.by_name(driver);
        let max = entry.map_or(1, |entry| entry.manifest.limits.in_flight).clamp(1, self.max_slots);
        Event::GateRules { gate, max, held: self.held(driver).is_some() }
    }

    /// Why nothing can be delivered by `driver` now.
    pub(super) fn held(&self, driver: &str) -> Option<String> {
        match self.dispatcher.by_name(driver) {
            Some(entry) => entry.driver.disabled(),
            None => Some(format!("the driver `{driver}` is not in this host: add it, its deliveries wait")),
        }
    }

    pub(super) fn get(&self, lane: LaneId) -> Option<Arc<LaneRow>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).lanes.get(&lane).cloned()
    }

    /// The drivers that stored lanes need, sorted.
    pub(super) fn drivers(&self) -> Vec<String> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let mut all: Vec<_> = known.gates.keys().map(|(driver, _)| driver.clone()).collect();
        all.sort_unstable();
        all.dedup();
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use nuncio_core::{ProjectId, Registry};

    fn row(lane: i64, destination: &str) -> LaneRow {
        LaneRow {
            id: LaneId(lane),
            project: ProjectId(1),
            driver: "absent".into(),
            destination: destination.into(),
        }
    }

    #[test]
    fn lanes_to_one_destination_share_a_gate_that_is_told_once_and_first() {
        let lanes = Lanes::new(Registry::default().into_dispatcher(), 64);
        let told = lanes.add(vec![row(1, "x"), row(2, "x"), row(3, "y")]);
        let gates: Vec<_> = told
            .iter()
            .map(|event| match event {
                Event::GateRules { gate, held, .. } => (true, gate.0, *held),
                Event::LaneRules { gate, .. } => (false, gate.0, false),
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(
            gates,
            [(true, 0, true), (false, 0, false), (false, 0, false), (true, 1, true), (false, 1, false)]
        );
        assert_eq!(lanes.drivers(), ["absent"]);
    }
}
