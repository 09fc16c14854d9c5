//! Replaying and cancelling by filter: what is asked, how far it is, and what became of it.

use std::str::FromStr;

use nuncio_core::{DeliveryKey, MessageId, State};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::delivery::Selection;

/// What a job does to the deliveries that it finds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Verb {
    /// Dead ones are due again, with tries anew.
    Replay = 0,
    /// Those that wait or are held are cancelled.
    Cancel = 1,
}

impl Verb {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Replay, Self::Cancel];

    /// Its name in the API.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Replay => "replay",
            Self::Cancel => "cancel",
        }
    }
}

/// How a job stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum JobState {
    /// It goes on, also after a restart.
    Running = 0,
    /// It has looked at everything, or has reached its limit.
    Finished = 1,
    /// Its owner stopped it; what was done stays done.
    Stopped = 2,
}

impl JobState {
    /// All states.
    pub const ALL: [Self; 3] = [Self::Running, Self::Finished, Self::Stopped];

    /// Its name in the API.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Finished => "finished",
            Self::Stopped => "stopped",
        }
    }
}

/// A public id of a job: random, so that nobody finds those of others by counting.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct JobId(pub Uuid);

impl std::fmt::Display for JobId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for JobId {
    type Err = uuid::Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self)
    }
}

/// Which deliveries a job takes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobFilter {
    /// Those that this describes. A replay compares its times with the death of a delivery, a cancellation with
    /// the acceptance of its message.
    pub selection: Selection,
    /// Of a cancellation: only those that wait, or only those that are held.
    pub state: Option<State>,
    /// At most so many.
    pub limit: Option<u64>,
}

/// A key by which a request that is repeated finds the job that it began.
#[derive(Clone, Debug)]
pub struct JobKey {
    /// The key.
    pub key: String,
    /// The digest of the request.
    pub fingerprint: Vec<u8>,
}

/// A job that is to begin.
#[derive(Clone, Debug)]
pub struct NewJob {
    /// Its id.
    pub id: JobId,
    /// Whose.
    pub project: String,
    /// What it does.
    pub verb: Verb,
    /// To which deliveries.
    pub filter: JobFilter,
    /// How many deliveries there are to look at, about.
    pub total: u64,
    /// Against being begun twice.
    pub key: Option<JobKey>,
    /// How many jobs of the project may run at once.
    pub most: u64,
}

/// What became of beginning a job.
#[derive(Clone, Debug)]
pub struct Begun {
    /// The job.
    pub job: JobRow,
    /// Whether it was begun by an earlier request with the same key.
    pub repeated: bool,
}

/// What a job has done so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Deliveries, or messages without one that waits, that it looked at.
    pub looked: u64,
    /// Deliveries that are due again, or cancelled.
    pub done: u64,
    /// Deliveries that were being attempted: they are cancelled unless that attempt succeeds.
    pub in_flight: u64,
    /// Deliveries that were not replayed since their subscription has ended.
    pub ended: u64,
    /// Deliveries that had left the state in which they were found when their turn came.
    pub changed: u64,
}

impl Progress {
    /// Deliveries that the filter took.
    #[must_use]
    pub const fn matched(&self) -> u64 {
        self.done + self.in_flight + self.ended + self.changed
    }
}

/// A job as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobRow {
    /// Its number in the store: later jobs have higher ones.
    pub number: i64,
    /// Its id.
    pub id: JobId,
    /// Whose.
    pub project: String,
    /// What it does.
    pub verb: Verb,
    /// To which deliveries.
    pub filter: JobFilter,
    /// How it stands.
    pub state: JobState,
    /// When it began, Unix milliseconds: what died later is not replayed.
    pub created: i64,
    /// When it ended, Unix milliseconds; 0 while it runs.
    pub ended: i64,
    /// The last message there was when it began: later ones are not cancelled.
    pub newest: MessageId,
    /// It has looked at everything up to here.
    pub cursor: DeliveryKey,
    /// What it is cancelling now.
    pub slice: Vec<DeliveryKey>,
    /// How much there was to look at when it began, about.
    pub total: u64,
    /// What it has done.
    pub progress: Progress,
}

impl JobRow {
    /// How many more its limit allows.
    #[must_use]
    pub fn room(&self) -> u64 {
        let taken = self.progress.matched() + self.slice.len() as u64;
        self.filter.limit.unwrap_or(u64::MAX).saturating_sub(taken)
    }

    /// Whether there is nothing more to find.
    #[must_use]
    pub fn is_exhausted(&self) -> bool {
        self.cursor == END || self.room() == 0
    }
}

/// The cursor of a job that has looked at everything.
pub const END: DeliveryKey = DeliveryKey::new(MessageId(i64::MAX), 0);

/// A look for deliveries that a job takes: one page.
#[derive(Clone, Debug)]
pub struct Search {
    /// Whose.
    pub project: String,
    /// For which verb.
    pub verb: Verb,
    /// Which.
    pub filter: JobFilter,
    /// Only what died up to then, Unix milliseconds.
    pub died_by: i64,
    /// Only messages up to this one.
    pub newest: MessageId,
    /// After this delivery.
    pub after: DeliveryKey,
    /// At most so many.
    pub most: u64,
    /// Drivers that cannot deliver now: what waits for them is held.
    pub stalled: Vec<String>,
}

/// A page of what a job takes, ascending.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Catch {
    /// The deliveries.
    pub keys: Vec<DeliveryKey>,
    /// How much was looked at.
    pub looked: u64,
    /// Where to go on; [`END`] when there is nothing more.
    pub next: DeliveryKey,
}

/// What became of the slice of a cancellation that the engine was asked about.
#[derive(Clone, Debug, Default)]
pub struct Asked {
    /// Those that the engine has cancelled.
    pub cancelled: u64,
    /// Those that are being attempted.
    pub in_flight: u64,
    /// Those that it does not hold: the store cancels them.
    pub elsewhere: Vec<DeliveryKey>,
    /// Those of an earlier slice that the store cancelled while the engine took them for an attempt.
    pub taken: u64,
}
