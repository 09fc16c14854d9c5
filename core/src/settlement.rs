//! What the engine writes of deliveries, and what it reads back: the contract between engine and store.

use serde::{Deserialize, Serialize};

use crate::{DeliveryKey, LaneId, MessageId, Scope, TargetId};

/// How a delivery stands. Accounts always close: accepted = the sum of these.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum State {
    /// To be attempted, now or at its due time.
    Waiting = 0,
    /// Scheduled, in a window, or its driver is missing or disabled.
    Held = 1,
    /// The far side took it.
    Delivered = 2,
    /// Given up; stands in the dead letters.
    Dead = 3,
    /// Ended by its owner.
    Cancelled = 4,
    /// Its own `deliver_until` has passed.
    Expired = 5,
    /// Its address may not be used.
    Suppressed = 6,
}

impl State {
    /// All states.
    pub const ALL: [Self; 7] = [
        Self::Waiting,
        Self::Held,
        Self::Delivered,
        Self::Dead,
        Self::Cancelled,
        Self::Expired,
        Self::Suppressed,
    ];

    /// The state stored as `code`.
    #[must_use]
    pub fn from_code(code: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|state| *state as u8 == code)
    }

    /// Its name in the API.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Held => "held",
            Self::Delivered => "delivered",
            Self::Dead => "dead",
            Self::Cancelled => "cancelled",
            Self::Expired => "expired",
            Self::Suppressed => "suppressed",
        }
    }
}

/// Why a delivery stands in `deferred`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum Why {
    /// An attempt failed and its policy said when to try again.
    Retry = 0,
    /// It is not due before its `deliver_at`.
    Scheduled = 1,
    /// Its lane had no room in memory.
    Spilled = 2,
    /// Its driver is missing or disabled, or its account fails; the policy's window is stopped.
    Held = 3,
    /// It was given up, and its ordered subscription stops then: it and what comes after it wait for a hand.
    Stopped = 4,
    /// Its subscription leads to somebody who has not agreed yet; the policy's window is stopped.
    Unconfirmed = 5,
}

impl Why {
    /// Whether the time spent so does not count towards giving up.
    #[must_use]
    pub const fn stops_time(self) -> bool {
        matches!(self, Self::Held | Self::Unconfirmed)
    }

    /// The reason stored as `code`.
    #[must_use]
    pub const fn from_code(code: i64) -> Option<Self> {
        Some(match code {
            0 => Self::Retry,
            1 => Self::Scheduled,
            2 => Self::Spilled,
            3 => Self::Held,
            4 => Self::Stopped,
            5 => Self::Unconfirmed,
            _ => return None,
        })
    }
}

/// A failed attempt, as it is recorded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// Which attempt, from 1.
    pub n: u32,
    /// When it began, Unix milliseconds.
    pub at: i64,
    /// How long it took, milliseconds.
    pub ms: i64,
    /// The driver's word.
    pub outcome: crate::Outcome,
    /// What the failure is about.
    pub scope: Scope,
    /// The far side's code.
    pub code: u32,
    /// One line for a person.
    pub reason: String,
    /// The beginning of the far side's answer.
    pub excerpt: String,
}

/// A row of `deferred`: a delivery that must wait.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deferred {
    /// The delivery.
    pub key: DeliveryKey,
    /// The first recipient of its target in the message: what makes one notice of several recipients.
    pub first: u32,
    /// Its frozen target.
    pub target: TargetId,
    /// Its lane.
    pub lane: LaneId,
    /// When it is due, Unix milliseconds; in an ordered lane its place: when it was accepted.
    pub due: i64,
    /// It keeps its place and is not attempted before this, Unix milliseconds; 0 where it waits for `due` alone.
    pub not_before: i64,
    /// Why it waits.
    pub why: Why,
    /// The number of the last attempt made, 0 when there was none.
    pub n: u32,
    /// Failed tries that count for its policy.
    pub tries: u32,
    /// Since when its policy's window runs, Unix milliseconds.
    pub since: i64,
    /// Size of the message in bytes.
    pub bytes: u32,
    /// `Message::post`, for trains.
    pub post: i64,
    /// `Message::deliver_until`.
    pub until: i64,
}

/// One change of one delivery, written together with all others of its batch in one commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Settlement {
    /// Ended well or by somebody's wish: a packed entry is written and a `deferred` row, if any, removed.
    Closed {
        /// The delivery.
        key: DeliveryKey,
        /// `Delivered`, `Cancelled`, `Expired` or `Suppressed`.
        state: State,
        /// The attempt that ended it, 0 when there was none.
        n: u32,
        /// When, Unix milliseconds.
        at: i64,
        /// The far side's code, 0 when there was none.
        code: u32,
        /// Whether a `deferred` row exists and must go.
        deferred: bool,
    },
    /// Must wait: the `deferred` row is written (or replaced), and the failed attempt if there was one.
    Deferred {
        /// The row.
        row: Deferred,
        /// The attempt that failed.
        failure: Option<Failure>,
    },
    /// Given up: moved to the dead letters, the last attempt recorded, a `deferred` row removed.
    Dead {
        /// The delivery.
        key: DeliveryKey,
        /// The first recipient of its target.
        first: u32,
        /// Its frozen target.
        target: TargetId,
        /// Its lane.
        lane: LaneId,
        /// When, Unix milliseconds.
        at: i64,
        /// Attempts made.
        attempts: u32,
        /// Why it was given up.
        reason: String,
        /// The attempt that failed last, if this settlement ends one.
        failure: Option<Failure>,
        /// Whether a `deferred` row exists and must go.
        deferred: bool,
    },
}

impl Settlement {
    /// The delivery that is settled.
    #[must_use]
    pub const fn key(&self) -> DeliveryKey {
        match self {
            Self::Closed { key, .. } | Self::Dead { key, .. } => *key,
            Self::Deferred { row, .. } => row.key,
        }
    }
}

/// A place in the backlog: the first (message, recipient) that was not handed over yet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Cursor {
    /// The message.
    pub message: MessageId,
    /// The recipient.
    pub idx: u32,
}

/// Deliveries of one message to one target that were never attempted, handed over after a commit or read back by
/// the backlog cursor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fresh {
    /// The message.
    pub message: MessageId,
    /// `Message::post`.
    pub post: i64,
    /// The target.
    pub target: TargetId,
    /// Its lane.
    pub lane: LaneId,
    /// The number of its first recipient.
    pub first: u32,
    /// The recipients that are open, as flat numbers, ascending.
    pub open: Vec<u32>,
    /// When the message was accepted, Unix milliseconds.
    pub created: i64,
    /// `Message::deliver_until`.
    pub until: i64,
    /// Size of the message in bytes.
    pub bytes: u32,
}
