//! Clocks for drivers under test.

use std::time::{SystemTime, UNIX_EPOCH};

use nuncio_core::Clock;

/// A clock that stands at this Unix time in milliseconds.
#[derive(Clone, Copy, Debug)]
pub struct Stopped(pub i64);

impl Clock for Stopped {
    fn now_ms(&self) -> i64 {
        self.0
    }
}

/// The machine's clock: the far sides of these tests are real sockets.
#[derive(Clone, Copy, Debug)]
pub(super) struct System;

impl Clock for System {
    #[allow(clippy::disallowed_methods, reason = "here the clock begins")]
    fn now_ms(&self) -> i64 {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
    }
}

/// Now, in Unix milliseconds.
pub(super) fn now_ms() -> i64 {
    System.now_ms()
}
