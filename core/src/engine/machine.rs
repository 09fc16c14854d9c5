//! The state machine.

use super::{Action, Event, Limits};

/// The engine.
#[derive(Debug)]
pub struct Engine {
    limits: Limits,
}

impl Engine {
    /// An engine that waits for [`Event::Started`].
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        Self { limits }
    }

    /// Takes one event at `now` (Unix milliseconds) and appends what it asks for to `actions`.
    pub fn on(&mut self, now: i64, event: Event, actions: &mut Vec<Action>) {
        let _ = (now, event, actions, &self.limits);
    }

    /// Notices in flight.
    #[must_use]
    pub fn in_flight(&self) -> usize {
        0
    }

    /// Deliveries in memory.
    #[must_use]
    pub fn hot(&self) -> usize {
        0
    }

    /// Whether nothing is in flight and nothing waits to become durable.
    #[must_use]
    pub fn idle(&self) -> bool {
        true
    }
}
