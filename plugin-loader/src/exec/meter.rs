//! A bound on how many lines a second a process may put into the host's log.

use std::time::Duration;

use tokio::time::Instant;

/// Lines a second that are logged; the rest is counted.
const LINES: u32 = 100;
const SECOND: Duration = Duration::from_secs(1);

/// Counts lines by the second.
#[derive(Debug, Default)]
pub(super) struct Meter {
    since: Option<Instant>,
    admitted: u32,
    dropped: u64,
}

impl Meter {
    /// Whether a line may be logged; if so, with how many were dropped since the last that was.
    pub(super) fn admit(&mut self, now: Instant) -> Option<u64> {
        if self.since.is_none_or(|since| now.duration_since(since) >= SECOND) {
            self.since = Some(now);
            self.admitted = 0;
        }
        if self.admitted == LINES {
            self.dropped += 1;
            return None;
        }
        self.admitted += 1;
        Some(std::mem::take(&mut self.dropped))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_dropped_in_a_second_is_told_in_the_next() {
        let (mut meter, start) = (Meter::default(), Instant::now());
        let admitted = (0..150).filter(|_| meter.admit(start) == Some(0)).count();
        assert_eq!(admitted, 100);
        assert_eq!(meter.admit(start + SECOND), Some(50));
        assert_eq!(meter.admit(start + SECOND), Some(0));
    }
}
