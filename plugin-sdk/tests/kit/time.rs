//! Drivers that keep no time, and no order.

use std::{
    future::pending,
    sync::atomic::{AtomicBool, AtomicUsize, Ordering},
};

use nuncio_plugin_sdk::{Notice, Outcomes, Report, Scope, async_trait};

use crate::{
    right::Right,
    twist::{Twist, breaks, twist},
};

/// Waits for ever.
#[derive(Default)]
struct Patient;
#[async_trait]
impl Twist for Patient {
    const NAME: &'static str = "patient";
    async fn deliver(&self, right: &Right, notice: &Notice<'_>) -> Outcomes {
        let mut patient = *notice;
        patient.deadline_ms += 60_000;
        right.deliver(&patient).await
    }
}
twist!(Patient);

/// Does not say what may have arrived.
#[derive(Default)]
struct Certain;
#[async_trait]
impl Twist for Certain {
    const NAME: &'static str = "certain";
    async fn deliver(&self, right: &Right, notice: &Notice<'_>) -> Outcomes {
        let mut report = right.deliver(notice).await.of(0);
        report.maybe_sent = false;
        report.into()
    }
}
twist!(Certain);

/// Is out of order once a delivery was dropped.
#[derive(Default)]
struct Fragile {
    broken: AtomicBool,
}

struct Whole<'a>(&'a AtomicBool, bool);

impl Drop for Whole<'_> {
    fn drop(&mut self) {
        self.0.fetch_or(!self.1, Ordering::AcqRel);
    }
}

#[async_trait]
impl Twist for Fragile {
    const NAME: &'static str = "fragile";
    async fn deliver(&self, right: &Right, notice: &Notice<'_>) -> Outcomes {
        if self.broken.load(Ordering::Acquire) {
            return Report::deferred(Scope::Destination, "the only connection is gone").into();
        }
        let mut whole = Whole(&self.broken, false);
        let outcomes = right.deliver(notice).await;
        whole.1 = true;
        outcomes
    }
}
twist!(Fragile);

/// Does one thing at a time.
#[derive(Default)]
struct Single {
    busy: AtomicUsize,
}

struct Slot<'a>(&'a AtomicUsize);

impl Drop for Slot<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

#[async_trait]
impl Twist for Single {
    const NAME: &'static str = "single";
    async fn deliver(&self, right: &Right, notice: &Notice<'_>) -> Outcomes {
        let before = self.busy.fetch_add(1, Ordering::AcqRel);
        let _slot = Slot(&self.busy);
        if before > 0 {
            return Report::deferred(Scope::Destination, "busy").into();
        }
        right.deliver(notice).await
    }
}
twist!(Single);

/// Waits for ever for what is under way.
#[derive(Default)]
struct Loyal {
    busy: AtomicUsize,
}

#[async_trait]
impl Twist for Loyal {
    const NAME: &'static str = "loyal";
    async fn deliver(&self, right: &Right, notice: &Notice<'_>) -> Outcomes {
        self.busy.fetch_add(1, Ordering::AcqRel);
        let _slot = Slot(&self.busy);
        right.deliver(notice).await
    }

    async fn shutdown(&self) {
        if self.busy.load(Ordering::Acquire) > 0 {
            pending::<()>().await;
        }
    }
}
twist!(Loyal);

#[test]
fn a_deadline_that_is_not_kept_is_seen() {
    breaks::<Patient>(
        "deadline",
        &["with 400 ms to go there was no report", "with 4000 ms to go", "time_left"],
    );
}

#[test]
fn what_may_have_arrived_must_be_said() {
    breaks::<Certain>("deadline", &["the server had the message, and the report says: Deferred/Destination"]);
}

#[test]
fn a_dropped_delivery_that_leaves_it_broken_is_seen() {
    breaks::<Fragile>("cancel", &["the only connection is gone"]);
}

#[test]
fn a_driver_that_cannot_do_two_things_at_once_is_seen() {
    breaks::<Single>("many-at-once", &["Deferred/Destination (busy)"]);
}

#[test]
fn a_shutdown_that_does_not_end_is_seen() {
    breaks::<Loyal>("shutdown", &["it had not ended 1200 ms after it began"]);
}
