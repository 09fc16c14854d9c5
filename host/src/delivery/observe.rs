//! Who looks on: metrics, and anyone who wants to see deliveries as they happen.

use metrics::{Counter, Histogram};
use nuncio_core::Outcome;
use tokio::sync::broadcast;

/// A finished attempt, for one recipient.
#[derive(Clone, Debug)]
pub struct Observed {
    /// The delivery's public id.
    pub id: String,
    /// The queue, empty without one.
    pub queue: String,
    /// The driver.
    pub driver: String,
    /// The subscriber, in the form that may be shown.
    pub uri: String,
    /// The recipient.
    pub address: String,
    /// Which attempt.
    pub attempt: u32,
    /// How it ended.
    pub outcome: Outcome,
    /// The far side's code.
    pub code: u32,
    /// One line for a person.
    pub reason: String,
    /// When it ended, Unix milliseconds.
    pub ended_ms: i64,
    /// How long it took, milliseconds.
    pub ms: i64,
}

/// Tells observers and counts.
#[derive(Clone, Debug)]
pub(super) struct Observers {
    sender: broadcast::Sender<Observed>,
}

impl Observers {
    pub(super) fn new() -> Self {
        Self { sender: broadcast::Sender::new(1024) }
    }

    pub(super) fn subscribe(&self) -> broadcast::Receiver<Observed> {
        self.sender.subscribe()
    }

    /// Whether anybody looks on: what nobody sees is not put together.
    pub(super) fn any(&self) -> bool {
        self.sender.receiver_count() > 0
    }

    pub(super) fn tell(&self, observed: Observed) {
        // Nobody may have been left since `any`: that is no failure.
        drop(self.sender.send(observed));
    }
}

/// Counts the attempts of one driver. What it counts with is looked up by labels once, not at each attempt.
pub(super) struct Meter {
    delivered: Counter,
    deferred: Counter,
    rejected: Counter,
    gone: Counter,
    seconds: Histogram,
}

impl Meter {
    /// The meter of `driver`.
    pub(super) fn of(driver: &str) -> Self {
        let counter = |outcome| metrics::counter!("nuncio_attempts_total", "driver" => driver.to_owned(), "outcome" => outcome);
        Self {
            delivered: counter("delivered"),
            deferred: counter("deferred"),
            rejected: counter("rejected"),
            gone: counter("gone"),
            seconds: metrics::histogram!("nuncio_attempt_seconds", "driver" => driver.to_owned()),
        }
    }

    /// Counts one attempt for one recipient, which took `ms`.
    pub(super) fn count(&self, outcome: Outcome, ms: i64) {
        let counter = match outcome {
            Outcome::Delivered => &self.delivered,
            Outcome::Deferred => &self.deferred,
            Outcome::Rejected => &self.rejected,
            Outcome::Gone => &self.gone,
        };
        counter.increment(1);
        self.seconds.record(ms as f64 / 1000.0);
    }
}
