//! How long a driver may take.

use std::time::Duration;

use nuncio_core::{Clock, Notice};

/// A driver ends so much before the notice's deadline, when the host would drop it and could say less of what
/// happened.
const MARGIN: Duration = Duration::from_millis(20);

/// The time that is left for `notice`'s attempt; zero when its deadline has passed.
#[must_use]
pub fn time_left(notice: &Notice<'_>, clock: &dyn Clock) -> Duration {
    let left = notice.deadline_ms.saturating_sub(clock.now_ms());
    Duration::from_millis(u64::try_from(left).unwrap_or(0)).saturating_sub(MARGIN)
}
