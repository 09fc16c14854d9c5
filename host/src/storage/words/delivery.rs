//! Deliveries as the API shows them.

use nuncio_core::{DeliveryKey, Failure, LaneId, State, SubscriptionId, Why};
use serde::{Deserialize, Serialize};

use super::receipt::ReceiptView;

/// Deliveries by what they are, not by how they stand.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Selection {
    /// Of this queue (name).
    pub queue: Option<String>,
    /// Of this subscription.
    pub subscription: Option<SubscriptionId>,
    /// To this destination.
    pub destination: Option<String>,
    /// By this driver.
    pub driver: Option<String>,
    /// Not before, Unix milliseconds.
    pub from: Option<i64>,
    /// Before, Unix milliseconds.
    pub to: Option<i64>,
    /// Given up for a reason in which this stands.
    pub reason: Option<String>,
}

impl Selection {
    /// Whether `at` is in its span of time.
    #[must_use]
    pub fn spans(&self, at: i64) -> bool {
        self.from.is_none_or(|from| from <= at) && self.to.is_none_or(|to| at < to)
    }

    /// Whether it takes what was given up for `reason`.
    #[must_use]
    pub fn takes_reason(&self, reason: &str) -> bool {
        self.reason.as_ref().is_none_or(|part| reason.contains(part.as_str()))
    }
}

/// Which deliveries to list.
#[derive(Clone, Debug, Default)]
pub struct DeliveryFilter {
    /// In this state.
    pub state: Option<State>,
    /// Those that this describes. Its times are those of the acceptance of a message, but where dead letters are
    /// asked for those of their death.
    pub selection: Selection,
    /// Before this delivery, newest first.
    pub before: Option<DeliveryKey>,
    /// At most so many.
    pub limit: u32,
}

/// A page of deliveries, newest first. A short page is not the end: the end has no `next`.
#[derive(Clone, Debug, Default)]
pub struct DeliveryPage {
    /// The deliveries.
    pub deliveries: Vec<DeliveryView>,
    /// Where to go on.
    pub next: Option<DeliveryKey>,
}

/// A delivery as the API shows it.
#[derive(Clone, Debug, PartialEq)]
pub struct DeliveryView {
    /// Which.
    pub key: DeliveryKey,
    /// How it stands.
    pub state: State,
    /// Why it waits, where a `deferred` row says so.
    pub why: Option<Why>,
    /// When it is due or was settled, Unix milliseconds; 0 when it is being worked on.
    pub at: i64,
    /// When the message was accepted, Unix milliseconds.
    pub created: i64,
    /// The queue's name, empty without one.
    pub queue: String,
    /// The subscription, `NONE` for an ad-hoc target.
    pub subscription: SubscriptionId,
    /// Its lane.
    pub lane: LaneId,
    /// The driver's name.
    pub driver: String,
    /// What breaks together.
    pub destination: String,
    /// The subscriber, in the form that may be shown.
    pub redacted: String,
    /// The recipient's address.
    pub address: String,
    /// Attempts made.
    pub attempts: u32,
    /// Why it was given up; empty unless dead.
    pub reason: String,
    /// The failed attempts; empty in listings.
    pub failures: Vec<Failure>,
    /// What the far side calls it, its parts with a space between each; only where one delivery is asked for.
    pub provider_id: String,
    /// What the far side said of it later; only where one delivery is asked for.
    pub receipt: Option<ReceiptView>,
}

/// What became of a retry by hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RequeueResult {
    /// It is due now.
    Due,
    /// It is neither dead nor waiting: its state.
    Settled(State),
    /// Its subscription has ended.
    Ended,
    /// There is no such delivery.
    Absent,
}

/// What became of a cancellation in the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CancelResult {
    /// It is cancelled now.
    Cancelled,
    /// It is being attempted; it is cancelled if this attempt fails. The engine's answer, never the store's.
    InFlight,
    /// It was settled before: its state.
    Settled(State),
    /// There is no such delivery.
    Absent,
}
