//! The machine's clock: the only place that reads it.

use std::time::{SystemTime, UNIX_EPOCH};

use nuncio_core::Clock;

/// The machine's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct System;

impl Clock for System {
    #[allow(clippy::disallowed_methods, reason = "this is the clock that everybody else is given")]
    fn now_ms(&self) -> i64 {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
    }
}
