//! What the engine is told, and what it asks for. It handles ids and sizes, never bodies.

use std::sync::Arc;

use crate::{
    Cursor, Deferred, DeliveryKey, LaneId, LaneRules, MessageId, ProjectId, Rate, Report, Settlement,
    TargetId, retry::Policy,
};

/// A gate: the slots of one destination of one driver, shared by all projects. Numbered by the host.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GateId(pub u32);

/// The engine's handle of a dispatched notice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ticket(pub u64);

/// The engine's number of a batch of settlements.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Batch(pub u64);

/// Open deliveries of one message to one target: what becomes one notice.
#[derive(Clone, Debug)]
pub struct Job {
    /// The message.
    pub message: MessageId,
    /// `Message::post`: the train, 0 when the message was posted alone.
    pub post: i64,
    /// The frozen target.
    pub target: TargetId,
    /// Its lane; its rules were told before.
    pub lane: LaneId,
    /// The number of the target's first recipient.
    pub first: u32,
    /// The open recipients, ascending.
    pub open: Vec<Open>,
    /// `Message::deliver_until`, 0 for none.
    pub until: i64,
    /// Size of the message in bytes.
    pub bytes: u32,
    /// The policy as it stood when the job was handed over.
    pub policy: Arc<Policy>,
}

/// One open recipient of a [`Job`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Open {
    /// Its number.
    pub idx: u32,
    /// The number of the last attempt made, 0 when there was none.
    pub n: u32,
    /// Failed tries that count for the policy.
    pub tries: u32,
    /// Since when the policy's window runs, Unix milliseconds.
    pub since: i64,
    /// Whether a `deferred` row of it exists (or is being written).
    pub stored: bool,
}

/// How an attempt ended for one recipient.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// The driver was asked and said this.
    Report(Report),
    /// Nothing was sent: its subscription has ended, or its address was taken out of it.
    Cancelled,
    /// Nothing was sent: its address may not be used.
    Suppressed,
    /// Nothing was sent: it cannot be attempted now (its template is missing). The lane is held.
    Held(String),
    /// Nothing was sent: it waits for somebody's word and is looked at again then, Unix milliseconds. The lane goes on.
    Parked(i64),
}

/// What the engine is told.
#[derive(Clone, Debug)]
pub enum Event {
    /// First of all: where the store stands. The backlog from `low` is read back by `Scan`.
    Started {
        /// Everything before it has an outcome, a `deferred` row or a dead letter.
        low: Cursor,
        /// The highest message committed, `NONE` for an empty store.
        head: MessageId,
        /// Lanes that have `deferred` rows, with the earliest due time of each.
        waiting: Vec<(LaneId, i64)>,
    },
    /// A lane exists, told before anything names it; or its rules changed.
    LaneRules {
        /// The lane.
        lane: LaneId,
        /// Whose it is.
        project: ProjectId,
        /// Where it leads.
        gate: GateId,
        /// What its subscription asks of it; nothing for a shared lane.
        rules: LaneRules,
    },
    /// Nothing leads to a lane any more and nothing waits in it. It is forgotten once nothing of it is in memory, unless
    /// something names it again before. Said by `Notable::LaneForgotten`.
    LaneGone {
        /// The lane.
        lane: LaneId,
    },
    /// A gate exists, or its rules changed.
    GateRules {
        /// The gate.
        gate: GateId,
        /// The most slots it may grow to.
        max: u32,
        /// Its driver is missing or disabled: nothing is dispatched and no window runs.
        held: bool,
        /// How many attempts may begin in a while.
        rate: Option<Rate>,
    },
    /// Nothing that is stored leads to a gate any more: it holds nobody, and is forgotten once no lane leads to it here
    /// and nothing is in flight through it. Its rules are told again before another lane leads to it.
    GateGone {
        /// The gate.
        gate: GateId,
    },
    /// Messages were committed, in the order of their ids.
    Committed {
        /// Their deliveries that are due now.
        jobs: Vec<Job>,
        /// Where those begin that are not in `jobs` since they are too many: they are read back by `Scan`.
        rest: Option<Cursor>,
        /// The highest message of that commit.
        head: MessageId,
    },
    /// Somebody else wrote `deferred` rows: a scheduled message, a retry by hand, a lane that moved.
    Scheduled {
        /// The lane.
        lane: LaneId,
        /// The earliest due time among them.
        due: i64,
    },
    /// The answer to `Scan`.
    Scanned {
        /// What is open from the cursor on, in order.
        jobs: Vec<Job>,
        /// Where to go on.
        next: Cursor,
        /// The highest message that was committed when the page was read.
        reached: MessageId,
        /// Whether the page went up to `reached`.
        end: bool,
    },
    /// The answer to `Load`.
    Loaded {
        /// The lane.
        lane: LaneId,
        /// The rows, ascending by (due, message, idx), each as a job of one recipient.
        rows: Vec<(Deferred, Arc<Policy>)>,
        /// The due time of the first row that was not loaded.
        next_due: Option<i64>,
    },
    /// A read failed; the same `Load` or `Scan` is asked again later.
    ReadFailed,
    /// A dispatched notice is over.
    Finished {
        /// Which.
        ticket: Ticket,
        /// How long the attempt took, milliseconds.
        ms: i64,
        /// How it ended for each recipient of the notice.
        ends: Vec<(u32, End)>,
        /// Whether the host's deadline ended it.
        timed_out: bool,
    },
    /// A batch of settlements is on stable storage.
    Durable {
        /// Which.
        batch: Batch,
    },
    /// A commit failed. The store tries the batch again by itself; until a `Durable` nothing is dispatched.
    StoreFailed,
    /// The owner cancels deliveries. Answered by an `Action::CancelAnswer` each, in order.
    Cancel {
        /// Which.
        keys: Vec<DeliveryKey>,
    },
    /// Time has passed. It uses up the last `WakeAt`, also when it comes early.
    Tick,
    /// Stop: dispatch nothing more. Jobs in memory need not be written, the store has them.
    Drain,
}

/// What the engine asks for.
#[derive(Clone, Debug)]
pub enum Action {
    /// Attempt this now; the host renders, applies the deadline, and answers with `Finished`.
    Dispatch {
        /// The handle.
        ticket: Ticket,
        /// What to attempt. `open[..].n` is the number of this attempt already.
        job: Job,
    },
    /// Write these in one commit, with `low` as the new low watermark; answered by `Durable`. Without any, only the
    /// watermark moved.
    Record {
        /// The batch.
        batch: Batch,
        /// What happened.
        settlements: Vec<Settlement>,
        /// Everything before it is recorded or recorded by this batch.
        low: Cursor,
    },
    /// Read `deferred` rows of a lane. At most one read (`Load` or `Scan`) is asked at a time.
    Load {
        /// The lane.
        lane: LaneId,
        /// After this (due, message, idx), exclusive.
        from: (i64, DeliveryKey),
        /// Up to this due time, inclusive.
        until: i64,
        /// At most so many.
        max: u32,
    },
    /// Read the backlog: messages from `cursor` on without what is settled, deferred or dead.
    Scan {
        /// From here, inclusive.
        cursor: Cursor,
        /// At most so many deliveries.
        max: u32,
    },
    /// Send `Tick` at this time (Unix milliseconds) at the latest. Only the newest counts.
    WakeAt(i64),
    /// The answer to `Cancel`.
    CancelAnswer {
        /// Which delivery.
        key: DeliveryKey,
        /// What is done.
        answer: CancelAnswer,
    },
    /// Tell the operator.
    Raise(Notable),
}

/// What became of a wish to cancel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CancelAnswer {
    /// It was waiting in memory; its end is in a `Record`.
    Cancelled,
    /// It is being attempted; if this attempt fails it is cancelled instead of retried.
    InFlight,
    /// It is not in memory: the store decides.
    NotHot,
}

/// Something that an operator should hear of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notable {
    /// A lane's breaker opened, or its account fails: next try at `probe`.
    LanePaused {
        /// The lane.
        lane: LaneId,
        /// When it is tried again, Unix milliseconds.
        probe: i64,
        /// Why.
        reason: String,
    },
    /// A lane works again.
    LaneResumed {
        /// The lane.
        lane: LaneId,
    },
    /// A lane that was gone is not known any more.
    LaneForgotten {
        /// The lane.
        lane: LaneId,
    },
    /// An address said that it must not be used again.
    AddressGone {
        /// The delivery that found out.
        key: DeliveryKey,
        /// Its target.
        target: TargetId,
    },
}

/// The engine's numbers. Each is a key of the configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Slots over all gates (`[delivery] max_in_flight`).
    pub max_in_flight: u32,
    /// Slots a gate starts with (`[delivery] first_slots`).
    pub first_slots: u32,
    /// Deliveries in memory (`[delivery] hot_deliveries`).
    pub hot_deliveries: u32,
    /// Bytes of messages that the deliveries in memory stand for (`[delivery] hot_bytes`).
    pub hot_bytes: u64,
    /// Outcomes that are not durable yet before dispatch pauses (`[delivery] undurable_outcomes`).
    pub undurable: u32,
    /// Consecutive destination failures that open a breaker (`[delivery] breaker_failures`).
    pub breaker_failures: u32,
    /// Milliseconds that they must span (`[delivery] breaker_span`).
    pub breaker_span_ms: i64,
    /// The first wait before a probe, milliseconds (`[delivery] probe_min`).
    pub probe_min_ms: i64,
    /// The longest wait between probes, milliseconds (`[delivery] probe_max`).
    pub probe_max_ms: i64,
    /// Rows or deliveries of one read.
    pub page: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_in_flight: 1024,
            first_slots: 8,
            hot_deliveries: 20_000,
            hot_bytes: 64 << 20,
            undurable: 4096,
            breaker_failures: 20,
            breaker_span_ms: 30_000,
            probe_min_ms: 30_000,
            probe_max_ms: 600_000,
            page: 1024,
        }
    }
}
