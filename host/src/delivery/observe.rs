//! Who looks on: metrics, and anyone who wants to see deliveries as they happen.

use nuncio_core::{Outcome, Report};
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

/// Counts one attempt for one recipient.
pub(super) fn count(driver: &str, report: &Report, ms: i64) {
    let outcome = match report.outcome {
        Outcome::Delivered => "delivered",
        Outcome::Deferred => "deferred",
        Outcome::Rejected => "rejected",
        Outcome::Gone => "gone",
    };
    metrics::counter!("nuncio_attempts_total", "driver" => driver.to_owned(), "outcome" => outcome)
        .increment(1);
    metrics::histogram!("nuncio_attempt_seconds", "driver" => driver.to_owned()).record(ms as f64 / 1000.0);
}
