//! How long a driver that died waits for its next life.

use std::time::Duration;

/// How long a driver that died waits for its next life: twice as long each time, until it has lived well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backoff {
    /// The first wait.
    pub first: Duration,
    /// The longest.
    pub most: Duration,
    /// After a life of this length the waits begin with the first again.
    pub healthy: Duration,
}

impl Default for Backoff {
    fn default() -> Self {
        Self {
            first: Duration::from_millis(100),
            most: Duration::from_secs(30),
            healthy: Duration::from_mins(1),
        }
    }
}

impl Backoff {
    /// The wait before the next life, after `failures` waits without a healthy one in between.
    #[must_use]
    pub fn wait(&self, failures: u32) -> Duration {
        self.first.saturating_mul(2_u32.saturating_pow(failures)).min(self.most)
    }

    /// The failures that still count after a life of `lived`.
    #[must_use]
    pub fn remembered(&self, failures: u32, lived: Duration) -> u32 {
        if lived >= self.healthy { 0 } else { failures }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_longest() {
        let backoff = Backoff::default();
        let waits: Vec<u128> = (0..10).map(|n| backoff.wait(n).as_millis()).collect();
        assert_eq!(waits, [100, 200, 400, 800, 1_600, 3_200, 6_400, 12_800, 25_600, 30_000]);
        assert_eq!(backoff.wait(u32::MAX), backoff.most);
    }

    #[test]
    fn a_minute_of_health_is_a_new_beginning_and_less_is_not() {
        let backoff = Backoff::default();
        assert_eq!(backoff.remembered(5, Duration::from_secs(60)), 0);
        assert_eq!(backoff.remembered(5, Duration::from_millis(59_999)), 5);
    }
}
