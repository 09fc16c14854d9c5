//! Lanes and gates by number: the engine knows them by nothing else.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::{Arc, Mutex, PoisonError},
};

use nuncio_core::{
    LaneId, Switchboard,
    engine::{Event, GateId},
};

use crate::{config::DriverRate, storage::LaneRow};

/// Every lane that was told to the engine, and the gate it leads to.
pub(super) struct Lanes {
    /// Held by who tells the engine of lanes and gates: what it hears last is what holds.
    pub(super) telling: tokio::sync::Mutex<()>,
    board: Switchboard,
    max_slots: u32,
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    lanes: HashMap<LaneId, Arc<LaneRow>>,
    gates: HashMap<(String, String), GateId>,
    /// What the operator says of the destinations of a driver.
    rates: BTreeMap<String, DriverRate>,
}

impl Lanes {
    pub(super) fn new(board: Switchboard, max_slots: u32, rates: BTreeMap<String, DriverRate>) -> Self {
        Self {
            telling: tokio::sync::Mutex::default(),
            board,
            max_slots,
            known: Mutex::new(Known { rates, ..Known::default() }),
        }
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
                events.push(self.rules(&known.rates, gate, &row.driver));
            }
            let rules = row.rules.clone();
            events.push(Event::LaneRules { lane: row.id, project: row.project, gate, rules });
            known.lanes.insert(row.id, Arc::new(row));
        }
        events
    }

    /// Forgets lanes that are no more, and says what the engine must be told.
    pub(super) fn remove(&self, lanes: &[LaneId]) -> Vec<Event> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        for lane in lanes {
            known.lanes.remove(lane);
        }
        lanes.iter().map(|lane| Event::LaneGone { lane: *lane }).collect()
    }

    fn rules(&self, rates: &BTreeMap<String, DriverRate>, gate: GateId, driver: &str) -> Event {
        let drivers = self.board.now();
        let limits = drivers.by_name(driver).map(|entry| &entry.manifest.limits);
        let max = limits.map_or(1, |limits| limits.in_flight).clamp(1, self.max_slots);
        // The operator knows his contract better than the driver does.
        let rate = rates.get(driver).map(|one| one.rate).or_else(|| limits?.rate);
        // One that is disabled may work again at any time: its lanes find out.
        Event::GateRules { gate, max, held: limits.is_none(), rate }
    }

    /// Why nothing can be delivered by `driver` now.
    pub(super) fn held(&self, driver: &str) -> Option<String> {
        let drivers = self.board.now();
        if let Some(entry) = drivers.by_name(driver) {
            return entry.driver.disabled();
        }
        Some(match drivers.refused().iter().find(|refused| refused.name == driver) {
            Some(refused) => format!("the driver `{driver}` was refused: {}", refused.why),
            None => format!("the driver `{driver}` is not in this host: add it, its deliveries wait"),
        })
    }

    /// What the engine must be told of every gate: the drivers behind them were switched, and their `rates` are these.
    pub(super) fn again(&self, rates: BTreeMap<String, DriverRate>) -> Vec<Event> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.rates = rates;
        known.gates.iter().map(|((driver, _), gate)| self.rules(&known.rates, *gate, driver)).collect()
    }

    pub(super) fn get(&self, lane: LaneId) -> Option<Arc<LaneRow>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).lanes.get(&lane).cloned()
    }

    /// The drivers that stored lanes need, sorted.
    pub(super) fn drivers(&self) -> Vec<String> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let all: BTreeSet<&str> = known.lanes.values().map(|row| row.driver.as_str()).collect();
        all.into_iter().map(str::to_owned).collect()
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
            rules: nuncio_core::LaneRules::default(),
        }
    }

    #[test]
    fn lanes_to_one_destination_share_a_gate_that_is_told_once_and_first() {
        let lanes = Lanes::new(Registry::default().into_dispatcher().into(), 64, BTreeMap::new());
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

    #[test]
    fn lanes_that_are_no_more_are_forgotten() {
        let lanes = Lanes::new(Registry::default().into_dispatcher().into(), 64, BTreeMap::new());
        drop(lanes.add(vec![row(1, "x"), row(2, "x")]));
        let told = lanes.remove(&[LaneId(1)]);
        assert!(matches!(told.as_slice(), [Event::LaneGone { lane: LaneId(1) }]), "{told:?}");
        assert!(lanes.get(LaneId(1)).is_none() && lanes.get(LaneId(2)).is_some());
    }

    #[test]
    fn every_gate_is_told_anew_when_its_driver_comes_or_goes() {
        struct Silent;
        #[async_trait::async_trait]
        impl nuncio_core::Driver for Silent {
            async fn deliver(&self, _: &nuncio_core::Notice<'_>) -> nuncio_core::Outcomes {
                nuncio_core::Outcome::Delivered.into()
            }
        }
        let board = Switchboard::new(Registry::default().into_dispatcher());
        let lanes = Lanes::new(board.clone(), 64, BTreeMap::new());
        drop(lanes.add(vec![row(1, "x"), row(2, "y")]));
        let mut registry = Registry::default();
        let manifest = nuncio_core::Manifest::new("absent", "1", &["a"]);
        registry.add(manifest, nuncio_core::Origin::Host, Arc::new(Silent)).unwrap();
        drop(board.switch(registry.into_dispatcher()));
        let told = lanes.again(BTreeMap::new());
        let free = |event: &Event| matches!(event, Event::GateRules { held: false, max: 64, .. });
        assert!(told.len() == 2 && told.iter().all(free), "{told:?}");
        let mut registry = Registry::default();
        let origin = nuncio_core::Origin::Exec { command: "x".into() };
        registry.refuse(nuncio_core::Refused { name: "absent".into(), origin, why: "no such file".into() });
        drop(board.switch(registry.into_dispatcher()));
        assert!(
            lanes
                .again(BTreeMap::new())
                .iter()
                .all(|event| matches!(event, Event::GateRules { held: true, .. }))
        );
        assert_eq!(lanes.held("absent").as_deref(), Some("the driver `absent` was refused: no such file"));
    }
}
