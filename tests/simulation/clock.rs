//! The clock of a world, which is set back at times, and the time that really passes.

use nuncio_core::EPOCH_MS;

pub(crate) struct Clock {
    /// What the clock shows, Unix milliseconds.
    pub(crate) now: i64,
    /// The latest time that it showed.
    pub(crate) latest: i64,
    /// Milliseconds that have passed.
    pub(crate) elapsed: i64,
}

/// What the clock shows at the beginning.
const FIRST: i64 = EPOCH_MS + 1_000_000;

impl Clock {
    pub(crate) fn new() -> Self {
        Self { now: FIRST, latest: FIRST, elapsed: 0 }
    }

    pub(crate) fn pass(&mut self, ms: i64) {
        self.elapsed += ms;
        self.now += ms;
        self.latest = self.latest.max(self.now);
    }

    pub(crate) fn set_back(&mut self, ms: i64) {
        self.now -= ms;
    }

    /// What the clock shows, counted from the beginning.
    pub(crate) fn shown(&self) -> i64 {
        self.now - FIRST
    }
}
