//! The world around an engine: a store, a writer, a reader, far sides, and a clock, all driven by one seed.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use nuncio_core::{
    Cursor, DeliveryKey, LaneId, MessageId, MessageIds, Settlement,
    engine::{Action, Batch, CancelAnswer, Engine, Event, GateId, Job, Notable, Ticket},
};

use crate::{
    caps::Bounds,
    clock::Clock,
    drivers::Mood,
    faults::Doubt,
    options::Options,
    rng::Rng,
    safety::Safety,
    store::{Message, Store, jobs_of},
};

/// What the writer is to do, in order.
pub(crate) enum Write {
    Post(Vec<Message>),
    Batch { batch: Batch, settlements: Vec<Settlement>, low: Cursor },
    Cancel(DeliveryKey),
    Requeue(DeliveryKey),
}

/// A read that is under way: its snapshot is taken some time after it was asked, and arrives some time later.
pub(crate) enum Read {
    Asked(Action),
    Taken(Event),
}

pub(crate) struct Flight {
    pub(crate) job: Job,
    pub(crate) at: i64,
}

pub(crate) struct World {
    pub(crate) options: Options,
    pub(crate) rng: Rng,
    pub(crate) clock: Clock,
    pub(crate) engine: Engine,
    pub(crate) store: Store,
    pub(crate) safety: Safety,
    pub(crate) writes: VecDeque<Write>,
    /// What the writer has to say of the engine's batches, in order.
    pub(crate) mail: VecDeque<Event>,
    /// What it has to say of what others changed, in order. The two come by different ways.
    pub(crate) news: VecDeque<Event>,
    /// Lanes that retention removed.
    pub(crate) retired: BTreeSet<LaneId>,
    /// Gates that nothing leads to since.
    pub(crate) closed: BTreeSet<GateId>,
    pub(crate) doubt: Option<Doubt>,
    /// What the engine was not told yet: it may be told several things at once.
    heard: Vec<Event>,
    /// It is told everything at once now.
    pub(crate) prompt: bool,
    pub(crate) read: Option<Read>,
    pub(crate) flights: BTreeMap<Ticket, Flight>,
    pub(crate) wake: Option<i64>,
    pub(crate) moods: Vec<Mood>,
    pub(crate) held: BTreeSet<GateId>,
    pub(crate) dispatches: u64,
    /// Says everything that happens.
    pub(crate) loud: bool,
    ids: MessageIds,
}

impl World {
    pub(crate) fn new(options: Options, loud: bool) -> Result<Self, String> {
        let mut world = Self {
            rng: Rng::new(options.seed ^ 0x5eed),
            clock: Clock::new(),
            engine: Engine::new(options.limits.clone()),
            store: Store::default(),
            safety: Safety::default(),
            writes: VecDeque::new(),
            mail: VecDeque::new(),
            news: VecDeque::new(),
            retired: BTreeSet::new(),
            closed: BTreeSet::new(),
            doubt: None,
            heard: Vec::new(),
            prompt: false,
            read: None,
            flights: BTreeMap::new(),
            wake: None,
            moods: vec![Mood::Good; options.targets.len()],
            held: BTreeSet::new(),
            dispatches: 0,
            loud,
            ids: MessageIds::new(0, MessageId::NONE),
            options,
        };
        world.start()?;
        Ok(world)
    }

    /// A new engine on the store as it is: the end of the old one, however it came.
    pub(crate) fn start(&mut self) -> Result<(), String> {
        self.say(|| "--- start".to_owned());
        self.engine = Engine::new(self.options.limits.clone());
        self.writes.clear();
        self.heard.clear();
        self.prompt = false;
        self.mail.clear();
        self.news.clear();
        self.retired.clear();
        self.closed.clear();
        self.flights.clear();
        (self.read, self.wake, self.doubt) = (None, None, None);
        self.safety.restarted(&self.store, &self.options);
        for gate in 1..=self.options.gates.len() as u32 {
            self.rule_gate(GateId(gate))?;
        }
        (0..self.options.lanes.len()).try_for_each(|at| self.rule_lane(at))?;
        self.tell(self.store.started())
    }

    pub(crate) fn rule_gate(&mut self, gate: GateId) -> Result<(), String> {
        let rules = self.gate_rules(gate);
        self.tell(rules)
    }

    fn gate_rules(&self, gate: GateId) -> Event {
        let (max, rate) = *self.options.gate(gate);
        Event::GateRules { gate, max, held: self.held.contains(&gate), rate }
    }

    pub(crate) fn rule_lane(&mut self, at: usize) -> Result<(), String> {
        let rules = self.lane_rules(at);
        self.tell(rules)
    }

    fn lane_rules(&self, at: usize) -> Event {
        let ((project, gate), rules) = (self.options.lanes[at], self.options.rules[at].clone());
        Event::LaneRules { lane: LaneId(at as i64 + 1), project, gate, rules }
    }

    /// Something leads to a lane again.
    fn revive(&mut self, lane: LaneId) {
        if self.retired.remove(&lane) {
            let at = lane.0 as usize - 1;
            let gate = self.options.lanes[at].1;
            if self.closed.remove(&gate) {
                self.held.remove(&gate);
                self.news.push_back(self.gate_rules(gate));
            }
            self.news.push_back(self.lane_rules(at));
        }
    }

    /// The next thing that the engine hears of commits.
    pub(crate) fn next_mail(&mut self) -> Option<Event> {
        let first = if self.rng.chance(500) { &mut self.mail } else { &mut self.news };
        first.pop_front().or_else(|| self.mail.pop_front()).or_else(|| self.news.pop_front())
    }

    pub(crate) fn now(&self) -> i64 {
        self.clock.now
    }

    /// Tells the engine, perhaps with what comes next, and takes up what it asks for.
    pub(crate) fn tell(&mut self, event: Event) -> Result<(), String> {
        self.say(|| format!("{event:?}"));
        match &event {
            Event::Durable { batch } => self.safety.durable(*batch),
            Event::StoreFailed => self.safety.store_failed(),
            Event::Drain => self.safety.drains(),
            Event::LaneRules { lane, .. } => self.safety.lane_ruled(*lane),
            Event::GateGone { gate } => {
                self.held.remove(gate);
                self.safety.gate_gone(*gate);
            }
            Event::Tick => self.wake = None,
            Event::Finished { ticket, ends, timed_out, .. } => {
                self.safety.finished(*ticket, ends, *timed_out, self.clock.elapsed, &self.options)
            }
            _ => {}
        }
        self.heard.push(event);
        if !self.prompt && self.rng.chance(250) {
            return Ok(());
        }
        let mut actions = Vec::new();
        let now = self.now();
        self.engine.on_all(now, self.heard.drain(..), &mut actions);
        // A lane is paused before what was asked with it.
        actions.sort_by_key(|action| !matches!(action, Action::Raise(_)));
        actions.into_iter().try_for_each(|action| self.take(action))?;
        self.safety.memory(self.engine.hot(), &self.options.limits)
    }

    fn take(&mut self, action: Action) -> Result<(), String> {
        self.say(|| format!("    {action:?}"));
        match action {
            Action::Dispatch { ticket, job } => {
                let bounds = Bounds { clock: &self.clock, world: &self.options, held: &self.held };
                self.safety.dispatched(ticket, &job, &bounds)?;
                self.dispatches += 1;
                self.flights.insert(ticket, Flight { job, at: self.now() });
            }
            Action::Record { batch, settlements, low } => {
                self.safety.recorded(batch, &settlements, low, &self.options)?;
                self.writes.push_back(Write::Batch { batch, settlements, low });
            }
            read @ (Action::Load { .. } | Action::Scan { .. }) => {
                if self.read.replace(Read::Asked(read)).is_some() {
                    return Err("two reads are under way".to_owned());
                }
            }
            Action::WakeAt(at) => self.wake = Some(at),
            Action::CancelAnswer { key, answer: CancelAnswer::NotHot } => {
                self.safety.gives_way(key);
                self.writes.push_back(Write::Cancel(key));
            }
            Action::CancelAnswer { .. } => {}
            Action::Raise(Notable::LanePaused { lane, .. }) => self.safety.lane_paused(lane),
            Action::Raise(Notable::LaneResumed { lane }) => self.safety.lane_resumed(lane),
            Action::Raise(Notable::LaneForgotten { lane }) => self.safety.lane_forgotten(lane),
            Action::Raise(Notable::AddressGone { .. }) => {}
        }
        Ok(())
    }

    /// Commits the first `count` writes together, batches before all others. One that fails alone is tried again, and
    /// before those after it.
    pub(crate) fn commit(&mut self, count: usize, batch_fails: bool) -> Result<(), String> {
        let count = count.min(self.writes.len());
        let together = self.writes.drain(..count);
        let (batches, changes): (Vec<_>, Vec<_>) =
            together.partition(|write| matches!(write, Write::Batch { .. }));
        let works =
            if batch_fails { self.rng.below(batches.len() as u64 + 1) as usize } else { batches.len() };
        let mut batches = batches.into_iter();
        for batch in batches.by_ref().take(works) {
            self.commit_one(batch)?;
        }
        if !batches.as_slice().is_empty() {
            self.mail.push_back(Event::StoreFailed);
        }
        for change in changes {
            self.commit_one(change)?;
        }
        for batch in batches.rev() {
            self.writes.push_front(batch);
        }
        Ok(())
    }

    fn commit_one(&mut self, write: Write) -> Result<(), String> {
        match write {
            Write::Post(messages) => self.accept(messages),
            Write::Batch { batch, settlements, low } => {
                self.store.apply(&settlements, low)?;
                self.mail.push_back(Event::Durable { batch });
            }
            Write::Cancel(key) => {
                if self.store.cancel(key) {
                    self.safety.cancelled_outside(key);
                }
            }
            Write::Requeue(key) => {
                if let Some((lane, due)) = self.store.wake(key, self.clock.now) {
                    self.safety.hastened(key, self.clock.now);
                    self.revive(lane);
                    self.news.push_back(Event::Scheduled { lane, due });
                }
                if let Some(lane) = self.store.requeue(key, self.clock.now, &self.options) {
                    self.safety.requeued(key, self.clock.now);
                    self.revive(lane);
                    self.news.push_back(Event::Scheduled { lane, due: self.now() });
                }
            }
        }
        Ok(())
    }

    fn accept(&mut self, messages: Vec<Message>) {
        let train = messages.len() > 1;
        let (mut now, mut later, mut post) = (Vec::new(), BTreeMap::new(), 0);
        let mut lanes = BTreeSet::new();
        for message in messages {
            let id = self.ids.issue(self.clock.now);
            post = if train && post == 0 { id.0 } else { post };
            let at = if message.at > self.clock.now { message.at } else { 0 };
            let message = Message { post, at, created: self.clock.now, ..message };
            for job in jobs_of(id, &message, &self.options) {
                self.safety.accepted(&job, message.at, &self.options);
                lanes.insert(job.lane);
                if message.at == 0 {
                    now.push(job);
                } else {
                    later.insert(job.lane, message.at);
                }
            }
            self.store.accept(id, message, &self.options);
        }
        lanes.into_iter().for_each(|lane| self.revive(lane));
        let rest = self.hold_back(&mut now);
        self.news.extend(later.into_iter().map(|(lane, due)| Event::Scheduled { lane, due }));
        self.news.push_back(Event::Committed { jobs: now, rest, head: self.store.head });
    }

    /// A store hands over only so much with one commit; where the rest begins.
    fn hold_back(&mut self, jobs: &mut Vec<Job>) -> Option<Cursor> {
        if jobs.is_empty() || !self.rng.chance(50) {
            return None;
        }
        let from = self.rng.below(jobs.len() as u64) as usize;
        let rest = Cursor { message: jobs[from].message, idx: jobs[from].first };
        jobs.truncate(from);
        Some(rest)
    }

    /// Takes the snapshot of the read that was asked, or hands over the one that was taken.
    pub(crate) fn go_on_reading(&mut self) -> Result<(), String> {
        match self.read.take() {
            Some(Read::Asked(Action::Scan { cursor, max })) => {
                self.read = Some(Read::Taken(self.store.scan(cursor, max, &self.options)));
            }
            Some(Read::Asked(Action::Load { lane, from, until, max })) => {
                self.read = Some(Read::Taken(self.store.load(lane, from, until, max, &self.options)));
            }
            Some(Read::Taken(event)) => self.tell(event)?,
            _ => {}
        }
        Ok(())
    }

    /// Ends a notice as its target's mood is.
    pub(crate) fn finish(&mut self, ticket: Ticket) -> Result<(), String> {
        let Some(flight) = self.flights.remove(&ticket) else { return Ok(()) };
        let mood = self.moods[flight.job.target.0 as usize - 1];
        let (ends, timed_out) = mood.answer(&mut self.rng, &flight.job);
        self.tell(Event::Finished { ticket, ms: self.now() - flight.at, ends, timed_out })
    }

    pub(crate) fn say(&self, what: impl FnOnce() -> String) {
        if self.loud {
            println!("{} {}", self.clock.shown(), what());
        }
    }
}
