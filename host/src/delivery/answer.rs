//! What a driver answered, or what is recorded in its place.

use std::time::Duration;

use nuncio_core::{Outcomes, Report, Scope};

/// What a driver answered, and whether the deadline answered for it.
pub(super) struct Answer {
    pub(super) outcomes: Outcomes,
    pub(super) timed_out: bool,
}

impl Answer {
    /// The driver's own word.
    pub(super) const fn of(outcomes: Outcomes) -> Self {
        Self { outcomes, timed_out: false }
    }

    /// The driver panicked: nobody knows how far it came.
    pub(super) fn panicked(panic: &str) -> Self {
        let reason = format!("the driver panicked: {panic}");
        Self::of(Report::deferred(Scope::Recipient, reason).maybe_sent().into())
    }

    /// The driver ended a batch without a word on this item.
    pub(super) fn silent() -> Self {
        let reason = "the driver said nothing of this item of its batch";
        Self::of(Report::deferred(Scope::Recipient, reason).maybe_sent().into())
    }

    /// The time was over.
    pub(super) fn too_late(deadline: Duration) -> Self {
        let reason = format!("no answer within {} ms", deadline.as_millis());
        let outcomes = Report::deferred(Scope::Destination, reason).maybe_sent().into();
        Self { outcomes, timed_out: true }
    }
}
