//! Each rule of the engine, in plain words.

use std::{collections::VecDeque, sync::Arc};

use serde_json::json;

use super::*;
use crate::{
    Cursor, Deferred, DeliveryKey, LaneId, LaneRules, MessageId, ProjectId, Rate, Report, Scope, Settlement,
    State, TargetId, Why, retry::Policy,
};

mod basics;
mod endings;
mod fairness;
mod lanes;
mod memory;
mod order;
mod pauses;

const START: i64 = 1_800_000_000_000;

/// An engine with its host in miniature: it collects what is asked and answers what it is told to.
struct Bench {
    engine: Engine,
    now: i64,
    dispatched: VecDeque<(Ticket, Job)>,
    records: Vec<(Batch, Vec<Settlement>, Cursor)>,
    undurable: VecDeque<Batch>,
    reads: Vec<Action>,
    notables: Vec<Notable>,
    answers: Vec<CancelAnswer>,
    wake: Option<i64>,
    head: i64,
}

impl Bench {
    fn new(limits: Limits) -> Self {
        let mut bench = Self {
            engine: Engine::new(limits),
            now: START,
            dispatched: VecDeque::new(),
            records: Vec::new(),
            undurable: VecDeque::new(),
            reads: Vec::new(),
            notables: Vec::new(),
            answers: Vec::new(),
            wake: None,
            head: 0,
        };
        bench.tell(Event::GateRules { gate: GateId(1), max: 64, held: false, rate: None });
        for lane in 1..=4 {
            bench.lane(lane, 1, 1);
        }
        bench
    }

    /// An engine that has read back its empty backlog.
    fn live(limits: Limits) -> Self {
        let mut bench = Self::new(limits);
        bench.start(0, vec![]);
        bench.scanned(vec![], 0);
        bench
    }

    fn start(&mut self, head: i64, waiting: Vec<(LaneId, i64)>) {
        self.head = head;
        let low = Cursor { message: MessageId(1), idx: 0 };
        self.tell(Event::Started { low, head: MessageId(head), waiting });
    }

    fn lane(&mut self, lane: i64, project: i64, gate: u32) {
        let rules = LaneRules::default();
        self.tell(Event::LaneRules {
            lane: LaneId(lane),
            project: ProjectId(project),
            gate: GateId(gate),
            rules,
        });
    }

    fn tell(&mut self, event: Event) {
        self.tell_all(vec![event]);
    }

    fn tell_all(&mut self, events: Vec<Event>) {
        let mut actions = Vec::new();
        self.engine.on_all(self.now, events, &mut actions);
        for action in actions {
            match action {
                Action::Dispatch { ticket, job } => self.dispatched.push_back((ticket, job)),
                Action::Record { batch, settlements, low } => {
                    self.records.push((batch, settlements, low));
                    self.undurable.push_back(batch);
                }
                read @ (Action::Load { .. } | Action::Scan { .. }) => self.reads.push(read),
                Action::WakeAt(at) => self.wake = Some(at),
                Action::CancelAnswer { answer, .. } => self.answers.push(answer),
                Action::Raise(notable) => self.notables.push(notable),
            }
        }
    }

    fn commit(&mut self, jobs: Vec<Job>) {
        self.head = jobs.iter().map(|job| job.message.0).fold(self.head, i64::max);
        self.tell(Event::Committed { jobs, rest: None, head: MessageId(self.head) });
    }

    /// Answers the outstanding `Scan` with all there is.
    fn scanned(&mut self, jobs: Vec<Job>, reached: i64) {
        assert!(matches!(self.reads.pop(), Some(Action::Scan { .. })), "no scan was asked");
        let (next, reached) = (Cursor { message: MessageId(reached + 1), idx: 0 }, MessageId(reached));
        self.tell(Event::Scanned { jobs, next, reached, end: true });
    }

    /// Answers the outstanding `Load` of `lane`.
    fn loaded(&mut self, lane: i64, rows: Vec<Deferred>, next_due: Option<i64>) {
        let asked = self.reads.pop();
        assert!(matches!(asked, Some(Action::Load { lane: LaneId(of), .. }) if of == lane), "{asked:?}");
        let policy = Arc::new(Policy::default());
        let rows = rows.into_iter().map(|row| (row, policy.clone())).collect();
        self.tell(Event::Loaded { lane: LaneId(lane), rows, next_due });
    }

    /// Ends the notice that was dispatched first.
    fn finish(&mut self, report: Report) -> Job {
        self.end(false, |_| End::Report(report.clone()))
    }

    fn end(&mut self, timed_out: bool, end: impl Fn(u32) -> End) -> Job {
        let (ticket, job) = self.dispatched.pop_front().expect("a notice in flight");
        let ends = job.open.iter().map(|open| (open.idx, end(open.idx))).collect();
        self.tell(Event::Finished { ticket, ms: 5, ends, timed_out });
        job
    }

    /// Makes every batch durable, those included that follow from it.
    fn sync(&mut self) {
        while let Some(batch) = self.undurable.pop_front() {
            self.tell(Event::Durable { batch });
        }
    }

    fn wait(&mut self, ms: i64) {
        self.now += ms;
        self.tell(Event::Tick);
    }

    fn settlements(&self) -> Vec<&Settlement> {
        self.records.iter().flat_map(|(_, settlements, _)| settlements).collect()
    }

    fn rows(&self) -> Vec<Deferred> {
        let row = |settlement: &&Settlement| match settlement {
            Settlement::Deferred { row, .. } => Some(row.clone()),
            _ => None,
        };
        self.settlements().iter().filter_map(row).collect()
    }

    fn low(&self) -> Option<Cursor> {
        self.records.last().map(|(_, _, low)| *low)
    }

    fn flying(&self) -> Vec<i64> {
        self.dispatched.iter().map(|(_, job)| job.message.0).collect()
    }
}

/// A job of `message` for lane `lane`, of one recipient.
fn job(message: i64, lane: i64) -> Job {
    Job {
        message: MessageId(message),
        post: 0,
        target: TargetId(lane * 10),
        lane: LaneId(lane),
        first: 0,
        open: vec![open(0)],
        until: 0,
        bytes: 100,
        policy: Arc::new(Policy::default()),
    }
}

fn open(idx: u32) -> Open {
    Open { idx, n: 0, tries: 0, since: START, stored: false }
}

fn car(message: i64, lane: i64) -> Job {
    Job { post: 1, ..job(message, lane) }
}

fn zaqar() -> Arc<Policy> {
    let policy = json!({"retries_with_no_delay": 0, "minimum_delay_retries": 3, "minimum_delay": 5,
        "maximum_delay": 60, "maximum_delay_retries": 3, "retry_backoff_function": "linear"});
    Arc::new(Policy::zaqar(&policy).expect("a policy of Zaqar"))
}

fn down() -> Report {
    Report::deferred(Scope::Destination, "connection refused")
}

fn busy() -> Report {
    Report::deferred(Scope::Recipient, "try again")
}

fn key(message: i64, idx: u32) -> DeliveryKey {
    DeliveryKey::new(MessageId(message), idx)
}
