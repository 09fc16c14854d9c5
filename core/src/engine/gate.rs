//! A gate: the slots of one destination, which grow while it answers and halve when it does not, and its rate.

use std::collections::VecDeque;

use super::throttle::Throttle;
use crate::{LaneId, Rate};

/// The slots of one destination.
#[derive(Debug)]
pub(super) struct Gate {
    max: u32,
    held: bool,
    slots: u32,
    used: u32,
    /// Slots kept for lanes that waited for one and were called.
    promised: u32,
    /// Answers in time since the slots last changed.
    answered: u32,
    queue: VecDeque<LaneId>,
    throttle: Throttle,
    /// When those who wait for the rate are called.
    pub(super) alarm: Option<i64>,
}

impl Gate {
    /// A gate that starts with `first` slots and may grow to `max`.
    pub(super) fn new(first: u32, max: u32, held: bool, rate: Option<Rate>) -> Self {
        let max = max.max(1);
        let mut throttle = Throttle::default();
        throttle.rule(rate);
        Self {
            max,
            held,
            slots: first.clamp(1, max),
            used: 0,
            promised: 0,
            answered: 0,
            queue: VecDeque::new(),
            throttle,
            alarm: None,
        }
    }

    /// Its rules changed. Says whether that held it or let it go.
    pub(super) fn rule(&mut self, max: u32, held: bool, rate: Option<Rate>) -> bool {
        self.throttle.rule(rate);
        self.max = max.max(1);
        self.slots = self.slots.min(self.max);
        std::mem::replace(&mut self.held, held) != held
    }

    /// Whether nothing may pass.
    pub(super) fn held(&self) -> bool {
        self.held
    }

    /// Holds nobody any more.
    pub(super) fn release(&mut self) {
        self.held = false;
    }

    /// Whether slots of it are taken or kept.
    pub(super) fn is_used(&self) -> bool {
        self.used + self.promised > 0
    }

    /// Takes a slot: one that was promised, or a free one.
    pub(super) fn enter(&mut self, now: i64, promised: bool) -> bool {
        if promised {
            self.promised = self.promised.saturating_sub(1);
        }
        let enters = self.is_open(now);
        if enters {
            self.used += 1;
            self.throttle.went(now);
        }
        enters
    }

    /// Whether one more may pass beside those that were promised to.
    fn is_open(&mut self, now: i64) -> bool {
        !self.held
            && self.used + self.promised < self.slots
            && self.throttle.room(now) > self.promised as usize
    }

    /// When those who wait may be called although nobody leaves.
    pub(super) fn next(&mut self, now: i64) -> Option<i64> {
        if self.held || self.queue.is_empty() { None } else { self.throttle.next(now) }
    }

    /// Gives a promise back.
    pub(super) fn renounce(&mut self) {
        self.promised = self.promised.saturating_sub(1);
    }

    /// A slot that was entered is free again.
    pub(super) fn leave(&mut self) {
        self.used = self.used.saturating_sub(1);
    }

    /// The destination answered in time.
    pub(super) fn answered(&mut self) {
        self.answered += 1;
        if self.answered >= self.slots {
            self.answered = 0;
            self.slots = (self.slots + 1).min(self.max);
        }
    }

    /// The destination failed or was too slow.
    pub(super) fn failed(&mut self) {
        self.answered = 0;
        self.slots = (self.slots / 2).max(1);
    }

    /// A lane waits for a slot; one that had been called before goes first again.
    pub(super) fn wait(&mut self, lane: LaneId, called: bool) {
        if called {
            self.queue.push_front(lane);
        } else {
            self.queue.push_back(lane);
        }
    }

    /// Calls the lane that waits longest, if there is a slot for it, and keeps that slot for it.
    pub(super) fn call(&mut self, now: i64) -> Option<LaneId> {
        if !self.is_open(now) {
            return None;
        }
        let lane = self.queue.pop_front()?;
        self.promised += 1;
        Some(lane)
    }
}
