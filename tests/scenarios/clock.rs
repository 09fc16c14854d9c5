//! How long the scenarios wait, and what time it is.

use std::{
    env,
    time::{Duration, SystemTime},
};

/// Longer than anything takes that is to happen at once, on a machine that is busy.
pub(crate) const SOON: Duration = Duration::from_secs(30);

/// Whether the longer forms are asked for.
pub(crate) fn long() -> bool {
    env::var_os("NUNCIO_LONG").is_some()
}

/// Seconds since 1970.
pub(crate) fn unix_now() -> u64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs()
}
