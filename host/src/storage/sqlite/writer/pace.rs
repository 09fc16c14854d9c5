//! When the writer does what nobody waits for: sweeping, and trying again after a failure.

use std::time::Duration;

use tokio::time::Instant;

/// How often the store is swept when nothing asks for it.
const SWEEP: Duration = Duration::from_secs(60);

const BACKOFF: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(1));

/// When the writer does what nobody waits for.
#[derive(Debug)]
pub(super) struct Pace {
    sweep_at: Instant,
    backoff: Duration,
    failures: u32,
}

impl Pace {
    /// Sweeps at once: what a crash left is cleared first.
    pub(super) fn new() -> Self {
        Self { sweep_at: Instant::now(), backoff: Duration::ZERO, failures: 0 }
    }

    /// How long to wait for work.
    pub(super) fn idle(&self) -> Duration {
        if self.failures > 0 { self.backoff } else { self.sweep_at.saturating_duration_since(Instant::now()) }
    }

    /// Whether the next commit sweeps.
    pub(super) fn sweeps(&self) -> bool {
        self.failures == 0 && self.idle().is_zero()
    }

    /// A commit succeeded; `swept` if it swept, `more` if something is left to sweep.
    pub(super) fn committed(&mut self, swept: bool, more: bool) {
        (self.backoff, self.failures) = (Duration::ZERO, 0);
        if more {
            self.sweep_at = Instant::now();
        } else if swept {
            self.sweep_at = Instant::now() + SWEEP;
        }
    }

    /// A commit failed.
    pub(super) fn failed(&mut self) {
        self.backoff = (self.backoff * 2).clamp(BACKOFF.0, BACKOFF.1);
        self.failures += 1;
    }

    /// How many commits failed in a row.
    pub(super) fn failures(&self) -> u32 {
        self.failures
    }
}
