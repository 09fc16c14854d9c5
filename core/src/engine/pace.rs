//! How fast a lane gets on, and how much of the hot set it may have.

use std::collections::{BTreeMap, BTreeSet};

use super::event::Limits;
use crate::LaneId;

/// The time over which a lane's pace is measured, milliseconds.
const SPAN_MS: i64 = 5_000;
/// A lane that needs more than so many spans for what it holds is slow.
const SPANS: usize = 4;
/// No lane's share is cut below this (if the hot set has room for eight such).
const LEAST: usize = 64;

/// Deliveries that ended lately.
#[derive(Debug, Default)]
pub(super) struct Pace {
    busy_since: i64,
    from: i64,
    done: usize,
    last: usize,
}

impl Pace {
    /// It has something to do after it had nothing.
    pub(super) fn begin(&mut self, now: i64) {
        *self = Self { busy_since: now, from: now, done: 0, last: 0 };
    }

    /// So many of its deliveries were attempted.
    pub(super) fn ended(&mut self, now: i64, deliveries: usize) {
        self.roll(now);
        self.done += deliveries;
    }

    /// Whether it would hold `deliveries` for long.
    pub(super) fn is_slow(&mut self, now: i64, deliveries: usize) -> bool {
        self.roll(now);
        now - self.busy_since >= SPAN_MS && deliveries > SPANS * self.done.max(self.last)
    }

    /// The clock was set back to `now`.
    pub(super) fn follow_clock(&mut self, now: i64) {
        (self.busy_since, self.from) = (self.busy_since.min(now), self.from.min(now));
    }

    fn roll(&mut self, now: i64) {
        let passed = now - self.from;
        if passed >= SPAN_MS {
            self.last = if passed < 2 * SPAN_MS { self.done } else { 0 };
            self.done = 0;
            self.from = now;
        }
    }
}

/// The lanes that have deliveries in memory, by how many.
#[derive(Debug, Default)]
pub(super) struct Crowd {
    by_size: BTreeSet<(usize, LaneId)>,
    sizes: BTreeMap<LaneId, usize>,
}

impl Crowd {
    /// `lane` has so many. Says whether it had none.
    pub(super) fn set(&mut self, lane: LaneId, deliveries: usize) -> bool {
        let before =
            if deliveries == 0 { self.sizes.remove(&lane) } else { self.sizes.insert(lane, deliveries) };
        if before != Some(deliveries) {
            if let Some(before) = before {
                self.by_size.remove(&(before, lane));
            }
            if deliveries > 0 {
                self.by_size.insert((deliveries, lane));
            }
        }
        before.is_none() && deliveries > 0
    }

    /// What a lane may have while memory is scarce: half the hot set divided by the lanes, within bounds.
    pub(super) fn share(&self, limits: &Limits) -> usize {
        let hot = limits.hot_deliveries as usize;
        let most = (hot / 8).max(1);
        (hot / 2 / self.sizes.len().max(1)).clamp(LEAST.min(most), most)
    }

    /// The lanes that have more than `share`, largest first.
    pub(super) fn above(&self, share: usize) -> Vec<LaneId> {
        self.by_size.range((share + 1, LaneId::NONE)..).rev().map(|(_, lane)| *lane).collect()
    }
}
