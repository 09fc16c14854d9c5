//! One project as the host sees it at work.

use std::sync::{
    Mutex, PoisonError,
    atomic::{AtomicU64, Ordering},
};

use super::pace::Pace;
use crate::storage::{Stored, Usage};

/// One project at work.
#[derive(Debug, Default)]
pub(super) struct Tenant {
    pub(super) requests: Pace,
    pub(super) messages: Pace,
    /// What was taken in since it was last written down.
    fresh: Fresh,
    /// What the store held when it was last counted, and what has come since.
    pub(super) stored: Mutex<Option<Counted>>,
    /// Who counts, counts alone.
    pub(super) counting: tokio::sync::Mutex<()>,
}

#[derive(Debug, Default)]
struct Fresh {
    messages: AtomicU64,
    bytes: AtomicU64,
    deliveries: AtomicU64,
}

/// What the store held.
#[derive(Clone, Copy, Debug)]
pub(super) struct Counted {
    pub(super) stored: Stored,
    /// When, Unix milliseconds.
    pub(super) at: i64,
}

impl Tenant {
    /// Counts what was taken in.
    pub(super) fn add(&self, taken: Usage) {
        self.fresh.messages.fetch_add(taken.messages, Ordering::Relaxed);
        self.fresh.bytes.fetch_add(taken.bytes, Ordering::Relaxed);
        self.fresh.deliveries.fetch_add(taken.deliveries, Ordering::Relaxed);
        if let Some(counted) = &mut *self.stored.lock().unwrap_or_else(PoisonError::into_inner) {
            counted.stored.messages += taken.messages;
            counted.stored.bytes += taken.bytes;
        }
    }

    /// What has not been written down.
    pub(super) fn fresh(&self) -> Usage {
        let of = |count: &AtomicU64| count.load(Ordering::Relaxed);
        Usage {
            messages: of(&self.fresh.messages),
            bytes: of(&self.fresh.bytes),
            deliveries: of(&self.fresh.deliveries),
        }
    }

    /// Takes off what was written down.
    pub(super) fn written(&self, usage: Usage) {
        self.fresh.messages.fetch_sub(usage.messages, Ordering::Relaxed);
        self.fresh.bytes.fetch_sub(usage.bytes, Ordering::Relaxed);
        self.fresh.deliveries.fetch_sub(usage.deliveries, Ordering::Relaxed);
    }

    /// Whether it can be forgotten.
    pub(super) fn is_idle(&self, now: i64) -> bool {
        self.requests.is_idle(now) && self.messages.is_idle(now) && self.fresh() == Usage::default()
    }
}
