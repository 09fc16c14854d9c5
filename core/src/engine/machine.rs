//! The state machine: events in, actions out.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};

use super::{
    backlog::Backlog,
    event::{Action, Event, GateId, Limits, Notable, Ticket},
    flight::Flight,
    gate::Gate,
    hot::Hot,
    lane::{Lane, Turn},
    pace::Crowd,
    read::Read,
    ready::Ready,
    records::{Origin, Records},
    timers::Timers,
};
use crate::{Cursor, DeliveryKey, LaneId, LaneRules, MessageId, ProjectId, Rate, Why};

/// The engine.
#[derive(Debug)]
pub struct Engine {
    pub(super) limits: Limits,
    pub(super) lanes: BTreeMap<LaneId, Lane>,
    pub(super) gates: BTreeMap<GateId, Gate>,
    /// The lanes of each gate.
    pub(super) led: BTreeSet<(GateId, LaneId)>,
    pub(super) ready: Ready,
    /// Slow lanes that wait for their share of the slots, and the slots they have.
    pub(super) suspects: VecDeque<LaneId>,
    pub(super) suspects_in_flight: u32,
    pub(super) crowd: Crowd,
    pub(super) hot: Hot,
    pub(super) backlog: Backlog,
    pub(super) records: Records,
    pub(super) timers: Timers,
    pub(super) flights: HashMap<Ticket, Flight>,
    pub(super) tickets: u64,
    pub(super) reading: Option<Read>,
    pub(super) scanned_last: bool,
    /// Not before this is a read asked that failed.
    pub(super) read_again: i64,
    /// When slow lanes were looked for.
    pub(super) relieved: i64,
    /// Ordered lanes whose rows wait for the backlog to be handed over, by the place of the first.
    pub(super) behind_backlog: BTreeSet<(i64, LaneId)>,
    /// The latest time that the clock said, unless it was set back since.
    pub(super) latest: i64,
    /// Lanes that are to be forgotten.
    pub(super) gone: BTreeSet<LaneId>,
    /// Gates that are to be forgotten.
    pub(super) gates_gone: BTreeSet<GateId>,
    started: bool,
    stalled: bool,
    draining: bool,
}

impl Engine {
    /// An engine that waits for [`Event::Started`].
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            lanes: BTreeMap::new(),
            gates: BTreeMap::new(),
            led: BTreeSet::new(),
            ready: Ready::default(),
            suspects: VecDeque::new(),
            suspects_in_flight: 0,
            crowd: Crowd::default(),
            hot: Hot::default(),
            backlog: Backlog::default(),
            records: Records::default(),
            timers: Timers::default(),
            flights: HashMap::new(),
            tickets: 0,
            reading: None,
            scanned_last: false,
            read_again: i64::MIN,
            relieved: 0,
            behind_backlog: BTreeSet::new(),
            latest: i64::MIN,
            gone: BTreeSet::new(),
            gates_gone: BTreeSet::new(),
            started: false,
            stalled: false,
            draining: false,
        }
    }

    /// Takes one event at `now` (Unix milliseconds) and appends what it asks for to `actions`.
    pub fn on(&mut self, now: i64, event: Event, actions: &mut Vec<Action>) {
        self.on_all(now, [event], actions);
    }

    /// Takes `events`, which came together, in their order: what follows from them is decided once.
    pub fn on_all(&mut self, now: i64, events: impl IntoIterator<Item = Event>, actions: &mut Vec<Action>) {
        self.look_at_clock(now);
        for event in events {
            self.take(now, event, actions);
        }
        if !self.started {
            return;
        }
        self.relieve(now);
        for (lane, due) in self.hot.take_strays() {
            self.scheduled(now, lane, due);
        }
        self.forget_lanes(actions);
        self.forget_gates();
        if !self.draining {
            self.wake_throttled(now);
            self.dispatch(now, actions);
            self.read(now, actions);
        }
        self.records.send(now, self.low(), self.draining, actions);
        if !self.draining {
            self.timers.wake(now, self.read_again, actions);
        }
    }

    /// Notices in flight.
    #[must_use]
    pub fn in_flight(&self) -> usize {
        self.flights.len()
    }

    /// Deliveries in memory, those included whose settlement is not durable.
    #[must_use]
    pub fn hot(&self) -> usize {
        self.hot.len()
    }

    /// Whether nothing is in flight and nothing waits to become durable.
    #[must_use]
    pub fn idle(&self) -> bool {
        self.flights.is_empty() && self.records.is_empty()
    }

    /// Whether notices may be dispatched: commits work, and not too much would be forgotten by a crash.
    pub(super) fn may_dispatch(&self) -> bool {
        !self.stalled
            && self.records.undurable() < self.limits.undurable as usize
            && self.flights.len() < self.limits.max_in_flight as usize
    }

    fn take(&mut self, now: i64, event: Event, actions: &mut Vec<Action>) {
        match event {
            Event::Started { low, head, waiting } => self.start(now, low, head, waiting),
            Event::LaneRules { lane, project, gate, rules } => {
                self.rule_lane(now, lane, project, rules);
                self.lead(now, lane, gate, actions);
            }
            Event::LaneGone { lane } => self.lane_gone(lane),
            Event::GateRules { gate, max, held, rate } => self.rule_gate(now, gate, (max, held, rate)),
            Event::GateGone { gate } => self.gate_gone(now, gate),
            Event::Committed { jobs, rest, head } => self.committed(now, jobs, rest, head),
            Event::Scheduled { lane, due } => self.scheduled(now, lane, due),
            Event::Scanned { jobs, next, reached, end } => {
                self.scanned(now, jobs, next, end.then_some(reached));
            }
            Event::Loaded { lane, rows, next_due } => self.loaded(now, lane, rows, next_due),
            Event::ReadFailed => self.read_failed(now),
            Event::Finished { ticket, ms, ends, timed_out } => {
                self.finished(now, ticket, ms, ends, timed_out, actions);
            }
            Event::Durable { batch } => {
                self.stalled = false;
                self.durable(batch);
            }
            // Without a batch of ours under way no `Durable` would end it.
            Event::StoreFailed => self.stalled = self.records.under_way(),
            Event::Cancel { keys } => self.cancel(now, keys, actions),
            Event::Tick => self.timers.woken(),
            Event::Drain => self.draining = true,
        }
    }

    fn start(&mut self, now: i64, low: Cursor, head: MessageId, waiting: Vec<(LaneId, i64)>) {
        self.started = true;
        self.backlog.start(low, head);
        self.records.start(now, low);
        for (lane, due) in waiting {
            self.scheduled(now, lane, due);
            if let Some(lane) = self.lanes.get_mut(&lane) {
                // What was spilled stands at its time of acceptance; the clock may have been set back since.
                lane.rows.keep_order(now.max(head.issued_ms()));
            }
        }
    }

    fn rule_lane(&mut self, now: i64, id: LaneId, project: ProjectId, rules: LaneRules) {
        self.gone.remove(&id);
        let lane = self.lanes.entry(id).or_default();
        lane.project = project;
        lane.throttle.rule(rules.rate);
        let ordered = lane.is_ordered();
        lane.rules = rules;
        if lane.is_ordered() != ordered {
            // What is read again takes its place by the new rules.
            for waiting in lane.queue.take_where(now, |_| true) {
                self.shelve(now, waiting, Why::Spilled, Origin::Evicted);
            }
        }
    }

    /// Lets a lane lead through `gate`. What is known of another destination does not hold for this one.
    fn lead(&mut self, now: i64, id: LaneId, gate: GateId, actions: &mut Vec<Action>) {
        let Some(lane) = self.lanes.get_mut(&id) else { return };
        let before = lane.gate.replace(gate);
        self.led.insert((gate, id));
        if let Some(before) = before.filter(|before| *before != gate) {
            self.led.remove(&(before, id));
            lane.turn = match lane.turn {
                Turn::AtGate => Turn::Idle,
                turn => turn,
            };
            if lane.breaker.worked() {
                lane.rows.unpark();
                actions.push(Action::Raise(Notable::LaneResumed { lane: id }));
            }
        }
        if self.lanes.get(&id).is_some_and(|lane| self.is_held(lane)) {
            self.evict(now, id);
        }
        self.go_on(now, id);
    }

    fn rule_gate(&mut self, now: i64, id: GateId, (max, held, rate): (u32, bool, Option<Rate>)) {
        self.gates_gone.remove(&id);
        let known = self.gates.get_mut(&id).map(|gate| gate.rule(max, held, rate));
        if known.is_none() {
            self.gates.insert(id, Gate::new(self.limits.first_slots, max, held, rate));
        }
        if known != Some(false) {
            for lane in self.lanes_of(id) {
                if held {
                    self.evict(now, lane);
                }
                self.touch(lane);
            }
        }
        self.call_next(now, id);
    }

    /// Somebody else wrote rows. What waits in its place may be among them: it is read again.
    fn scheduled(&mut self, now: i64, id: LaneId, due: i64) {
        self.gone.remove(&id);
        let lane = self.lanes.entry(id).or_default();
        if lane.is_ordered() {
            lane.rows.wake();
        }
        for waiting in lane.queue.take_where(now, |waiting| waiting.not_before > now) {
            // What comes after it must not go meanwhile.
            self.evict_train(now, &waiting);
            self.shelve(now, waiting, Why::Spilled, Origin::Evicted);
        }
        let lane = self.lanes.entry(id).or_default();
        lane.rows.at((due, DeliveryKey::new(MessageId::NONE, 0)), false);
        self.touch(id);
    }

    fn low(&self) -> Cursor {
        let backlog = self.backlog.low();
        self.hot.low().map_or(backlog, |low| low.min(backlog))
    }

    /// Whether nothing of `lane` may be dispatched.
    pub(super) fn is_held(&self, lane: &Lane) -> bool {
        lane.gate.and_then(|gate| self.gates.get(&gate)).is_none_or(Gate::held)
    }

    /// Something of the lane changed: it may wait for a turn now, or for another time to read.
    pub(super) fn touch(&mut self, id: LaneId) {
        let held = self.lanes.get(&id).is_none_or(|lane| self.is_held(lane));
        let refill = self.crowd.share(&self.limits) / 2;
        let recovering = self.backlog.recovering();
        let handed = self.backlog.handed();
        let Some(lane) = self.lanes.get_mut(&id) else { return };
        if lane.queue.take_freed() {
            lane.rows.unpark();
        }
        if !held && lane.turn == Turn::Idle && lane.queue.ready() {
            lane.turn = Turn::Ready;
            self.ready.push(lane.project, id);
        }
        let alarm = if held || recovering { None } else { lane.wants(refill, handed) };
        if lane.is_ordered()
            && let Some((due, _)) = lane.rows.first().filter(|(due, _)| *due >= handed.below)
        {
            self.behind_backlog.insert((due, id));
        }
        self.timers.reads.set(id, std::mem::replace(&mut lane.alarm, alarm), alarm);
        let snooze = [lane.throttled, lane.queue.next_wake()].into_iter().flatten().min();
        self.timers.turns.set(id, std::mem::replace(&mut lane.snooze, snooze), snooze);
    }
}
