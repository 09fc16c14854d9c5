//! A gate: the slots of one destination, which grow while it answers and halve when it does not.

use std::collections::VecDeque;

use crate::LaneId;

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
}

impl Gate {
    /// A gate that starts with `first` slots and may grow to `max`.
    pub(super) fn new(first: u32, max: u32, held: bool) -> Self {
        let max = max.max(1);
        let slots = first.clamp(1, max);
        Self { max, held, slots, used: 0, promised: 0, answered: 0, queue: VecDeque::new() }
    }

    /// Its rules changed. Says whether that held it or let it go.
    pub(super) fn rule(&mut self, max: u32, held: bool) -> bool {
        self.max = max.max(1);
        self.slots = self.slots.min(self.max);
        std::mem::replace(&mut self.held, held) != held
    }

    /// Whether nothing may pass.
    pub(super) fn held(&self) -> bool {
        self.held
    }

    /// Takes a slot: one that was promised, or a free one.
    pub(super) fn enter(&mut self, promised: bool) -> bool {
        if promised {
            self.promised = self.promised.saturating_sub(1);
        }
        let enters = !self.held && self.used + self.promised < self.slots;
        self.used += u32::from(enters);
        enters
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
    pub(super) fn call(&mut self) -> Option<LaneId> {
        if self.held || self.used + self.promised >= self.slots {
            return None;
        }
        let lane = self.queue.pop_front()?;
        self.promised += 1;
        Some(lane)
    }
}
