//! The machine's clock, for drivers that are not linked into the host.

use std::time::{SystemTime, UNIX_EPOCH};

use nuncio_core::Clock;

/// The machine's clock.
#[derive(Clone, Copy, Debug)]
pub(super) struct System;

impl Clock for System {
    #[allow(clippy::disallowed_methods, reason = "this is the clock that the driver is given")]
    fn now_ms(&self) -> i64 {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
    }
}
