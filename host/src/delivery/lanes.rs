//! Lanes and gates by number: the engine knows them by nothing else.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    sync::{Arc, Mutex, PoisonError},
};

use nuncio_core::{
    Entry, LaneId, SubscriptionId, Switchboard,
    engine::{Event, GateId},
};

use crate::{
    config::DriverRate,
    storage::{LaneRow, alone_at, own_destination},
};

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
    /// By destination and driver.
    gates: BTreeMap<(String, String), Gate>,
    /// The number of the next gate: none is given twice.
    next: u32,
    /// What the operator says of the destinations of a driver.
    rates: BTreeMap<String, DriverRate>,
    /// Subscriptions with a destination of their own that live: what waits for one that does not is let go, so that
    /// it ends.
    living: HashSet<SubscriptionId>,
}

/// A gate, and how many lanes lead to it.
struct Gate {
    id: GateId,
    lanes: usize,
}

fn leads_to(row: &LaneRow) -> (String, String) {
    (row.destination.clone(), row.driver.clone())
}

impl Known {
    /// The gate of a lane that leads there now; whether it is new.
    fn enter(&mut self, row: &LaneRow) -> (GateId, bool) {
        let next = GateId(self.next);
        let gate = self.gates.entry(leads_to(row)).or_insert(Gate { id: next, lanes: 0 });
        gate.lanes += 1;
        let new = gate.id == next;
        self.next += u32::from(new);
        (gate.id, new)
    }

    /// A lane leads there no more; what the engine must be told if it was the last.
    fn leave(&mut self, row: &LaneRow) -> Option<Event> {
        let key = leads_to(row);
        let gate = self.gates.get_mut(&key)?;
        gate.lanes = gate.lanes.saturating_sub(1);
        if gate.lanes > 0 {
            return None;
        }
        self.gates.remove(&key).map(|gate| Event::GateGone { gate: gate.id })
    }

    /// The gates of a destination, with their drivers.
    fn gates_of(&self, destination: &str) -> impl Iterator<Item = (&str, GateId)> {
        let of = self.gates.range((destination.to_owned(), String::new())..);
        let of = of.take_while(move |((to, _), _)| to == destination);
        of.map(|((_, driver), gate)| (driver.as_str(), gate.id))
    }

    /// Why nothing can be delivered to `destination` now; only what lives is waited for.
    fn away(&self, entry: &Entry, destination: &str) -> Option<String> {
        let lives = alone_at(destination).is_some_and(|id| self.living.contains(&id));
        if lives { entry.driver.away(destination) } else { None }
    }
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
        let mut known = self.lock();
        known.living.extend(rows.iter().filter_map(|row| alone_at(&row.destination)));
        let mut events = Vec::new();
        for row in rows {
            let (gate, new) = known.enter(&row);
            if new {
                events.push(self.rules(&known, gate, (&row.driver, &row.destination)));
            }
            let rules = row.rules.clone();
            events.push(Event::LaneRules { lane: row.id, project: row.project, gate, rules });
            if let Some(before) = known.lanes.insert(row.id, Arc::new(row)) {
                events.extend(known.leave(&before));
            }
        }
        events
    }

    /// Forgets lanes that are no more, and says what the engine must be told.
    pub(super) fn remove(&self, lanes: &[LaneId]) -> Vec<Event> {
        let mut known = self.lock();
        let mut events = Vec::new();
        for lane in lanes {
            events.push(Event::LaneGone { lane: *lane });
            if let Some(row) = known.lanes.remove(lane) {
                events.extend(known.leave(&row));
            }
        }
        events
    }

    fn rules(&self, known: &Known, gate: GateId, (driver, destination): (&str, &str)) -> Event {
        let drivers = self.board.now();
        let entry = drivers.by_name(driver);
        let limits = entry.map(|entry| &entry.manifest.limits);
        let max = limits.map_or(1, |limits| limits.in_flight).clamp(1, self.max_slots);
        // The operator knows his contract better than the driver does.
        let rate = known.rates.get(driver).map(|one| one.rate).or_else(|| limits?.rate);
        // One that is disabled may work again at any time: its lanes find out.
        let held = entry.is_none_or(|entry| known.away(entry, destination).is_some());
        Event::GateRules { gate, max, held, rate }
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

    /// Why nothing can be delivered to `destination` now, although its driver works.
    pub(super) fn away(&self, driver: &str, destination: &str) -> Option<String> {
        let (drivers, known) = (self.board.now(), self.lock());
        drivers.by_name(driver).and_then(|entry| known.away(entry, destination))
    }

    /// Whether a lane waits for somebody to come.
    pub(super) fn is_away(&self, lane: LaneId) -> bool {
        self.get(lane).is_some_and(|row| self.away(&row.driver, &row.destination).is_some())
    }

    /// What the engine must be told of every gate: the drivers behind them were switched, and their `rates` are these.
    pub(super) fn again(&self, rates: BTreeMap<String, DriverRate>) -> Vec<Event> {
        let mut known = self.lock();
        known.rates = rates;
        let gates = known.gates.iter();
        gates.map(|((to, driver), gate)| self.rules(&known, gate.id, (driver, to))).collect()
    }

    /// What the engine must be told since somebody came to `destination` of `driver`, or went.
    pub(super) fn turned(&self, driver: &str, destination: &str) -> Option<Event> {
        let known = self.lock();
        let gate = known.gates.get(&(destination.to_owned(), driver.to_owned()))?;
        Some(self.rules(&known, gate.id, (driver, destination)))
    }

    /// Those of `ids` that have a destination of their own and live, as far as is known here.
    pub(super) fn alone(&self, ids: &[SubscriptionId]) -> Vec<SubscriptionId> {
        let known = self.lock();
        if known.living.is_empty() {
            return Vec::new();
        }
        ids.iter().copied().filter(|id| known.living.contains(id)).collect()
    }

    /// All subscriptions that have a destination of their own and live, as far as is known here.
    pub(super) fn all_alone(&self) -> Vec<SubscriptionId> {
        self.lock().living.iter().copied().collect()
    }

    /// Notes that subscriptions have ended, and says what the engine must be told.
    pub(super) fn ended(&self, ids: &[SubscriptionId]) -> Vec<Event> {
        let mut known = self.lock();
        for id in ids {
            known.living.remove(id);
        }
        let mut events = Vec::new();
        for destination in ids.iter().map(|id| own_destination(*id)) {
            let gates = known.gates_of(&destination);
            events.extend(gates.map(|(driver, gate)| self.rules(&known, gate, (driver, &destination))));
        }
        events
    }

    pub(super) fn get(&self, lane: LaneId) -> Option<Arc<LaneRow>> {
        self.lock().lanes.get(&lane).cloned()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The drivers that stored lanes need, sorted.
    pub(super) fn drivers(&self) -> Vec<String> {
        let known = self.lock();
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
    fn a_gate_goes_with_its_last_lane_and_its_number_is_not_given_again() {
        let lanes = Lanes::new(Registry::default().into_dispatcher().into(), 64, BTreeMap::new());
        drop(lanes.add(vec![row(1, "x"), row(2, "x"), row(3, "y")]));
        // The rules of a lane may change, and where it leads.
        assert_eq!(lanes.add(vec![row(1, "x")]).len(), 1);
        assert!(matches!(
            lanes.add(vec![row(3, "x")]).as_slice(),
            [Event::LaneRules { gate: GateId(0), .. }, Event::GateGone { gate: GateId(1) }]
        ));
        let told = lanes.remove(&[LaneId(1), LaneId(2), LaneId(3), LaneId(3)]);
        assert!(
            matches!(
                told.as_slice(),
                [
                    Event::LaneGone { .. },
                    Event::LaneGone { .. },
                    Event::LaneGone { .. },
                    Event::GateGone { gate: GateId(0) },
                    Event::LaneGone { .. }
                ]
            ),
            "{told:?}"
        );
        assert!(lanes.again(BTreeMap::new()).is_empty() && lanes.turned("absent", "x").is_none());
        let again = lanes.add(vec![row(4, "x")]);
        assert!(matches!(again.first(), Some(Event::GateRules { gate: GateId(2), .. })), "{again:?}");
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

    /// Nobody is there until it is said.
    #[derive(Default)]
    struct Door(std::sync::atomic::AtomicBool);

    #[async_trait::async_trait]
    impl nuncio_core::Driver for Door {
        async fn deliver(&self, _: &nuncio_core::Notice<'_>) -> nuncio_core::Outcomes {
            nuncio_core::Outcome::Delivered.into()
        }

        fn away(&self, _: &str) -> Option<String> {
            (!self.0.load(std::sync::atomic::Ordering::SeqCst)).then(|| "nobody is there".to_owned())
        }
    }

    fn held(event: &Event) -> bool {
        matches!(event, Event::GateRules { held: true, .. })
    }

    #[test]
    fn what_waits_for_somebody_is_held_until_he_comes_or_its_subscription_ends() {
        let (mut registry, door) = (Registry::default(), Arc::new(Door::default()));
        let manifest = nuncio_core::Manifest::new("absent", "1", &["a"]);
        registry.add(manifest, nuncio_core::Origin::Host, Arc::<Door>::clone(&door)).unwrap();
        let lanes = Lanes::new(registry.into_dispatcher().into(), 64, BTreeMap::new());
        let (id, own) = (SubscriptionId(7), own_destination(SubscriptionId(7)));
        assert!(held(&lanes.add(vec![row(1, &own)])[0]) && lanes.is_away(LaneId(1)));
        assert!(!held(&lanes.add(vec![row(2, "elsewhere")])[0]), "only a subscription waits for somebody");
        assert_eq!(lanes.away("absent", &own).as_deref(), Some("nobody is there"));
        door.0.store(true, std::sync::atomic::Ordering::SeqCst);
        assert!(!held(&lanes.turned("absent", &own).unwrap()) && lanes.away("absent", &own).is_none());
        door.0.store(false, std::sync::atomic::Ordering::SeqCst);
        assert!(held(&lanes.turned("absent", &own).unwrap()));
        assert_eq!((lanes.alone(&[SubscriptionId(6), id]), lanes.all_alone()), (vec![id], vec![id]));
        let told = lanes.ended(&[id]);
        assert!(told.len() == 1 && !held(&told[0]) && lanes.away("absent", &own).is_none());
        assert_eq!((lanes.turned("absent", "unknown").is_none(), lanes.alone(&[id])), (true, vec![]));
    }
}
