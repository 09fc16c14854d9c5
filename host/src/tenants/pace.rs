//! A rate, as the generic cell rate algorithm keeps it (ITU-T I.371): one number, the time at which nothing is owed.
//!
//! Our own few lines: a library's limiter has one rate for all keys and a clock of its own, and here a project may have
//! its own rate, which a reload changes, and the clock is turned in tests.

use std::sync::atomic::{AtomicI64, Ordering};

/// How much may be taken ahead of time, microseconds: the rate holds over any second.
const AHEAD_US: i64 = 1_000_000;

/// How far somebody is ahead of a rate.
#[derive(Debug, Default)]
pub(super) struct Pace(AtomicI64);

impl Pace {
    /// Takes `n` at `rate` a second (0 for any) at `now_ms`; `Err` has the milliseconds until something can be taken.
    ///
    /// What is asked for at once is given whole, however much it is, if nothing is owed; those who come then wait.
    pub(super) fn take(&self, n: u64, rate: u64, now_ms: i64) -> Result<(), i64> {
        if rate == 0 || n == 0 {
            return Ok(());
        }
        let now = now_ms.saturating_mul(1000);
        let cost = i64::try_from(u128::from(n) * 1_000_000 / u128::from(rate)).unwrap_or(i64::MAX).max(1);
        let taken = self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |owed_until| {
            let from = settled(owed_until, now);
            // The last one within a second is the one that fills it.
            (from + cost.min(AHEAD_US) <= now + AHEAD_US).then(|| from.saturating_add(cost))
        });
        taken.map(drop).map_err(|owed_until| {
            let wait = settled(owed_until, now) + cost.min(AHEAD_US) - now - AHEAD_US;
            (wait / 1000).max(1)
        })
    }

    /// Whether nothing is owed at `now_ms`: it can be forgotten.
    pub(super) fn is_idle(&self, now_ms: i64) -> bool {
        self.0.load(Ordering::Relaxed) <= now_ms.saturating_mul(1000)
    }
}

/// From when on what is taken counts. A clock that was set back must not make anybody wait for what it was set back.
const fn settled(owed_until: i64, now: i64) -> i64 {
    const FAR: i64 = 3_600 * AHEAD_US;
    if owed_until < now || owed_until > now + FAR { now } else { owed_until }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_second_has_as_many_as_the_rate() {
        let pace = Pace::default();
        let taken = (0..100).filter(|_| pace.take(1, 10, 1_000).is_ok()).count();
        assert_eq!(taken, 10);
        assert_eq!(pace.take(1, 10, 1_000), Err(100));
        assert!(pace.take(1, 10, 1_100).is_ok() && pace.take(1, 10, 1_100).is_err());
    }

    #[test]
    fn a_large_post_is_taken_whole_and_waited_for() {
        let pace = Pace::default();
        assert!(pace.take(50, 10, 0).is_ok());
        let wait = pace.take(1, 10, 0).unwrap_err();
        assert_eq!(wait, 4_100);
        assert!(pace.take(1, 10, wait - 1).is_err() && pace.take(1, 10, wait).is_ok());
    }

    #[test]
    fn without_a_rate_nobody_waits_and_a_clock_set_back_holds_nobody() {
        let pace = Pace::default();
        assert!((0..1000).all(|_| pace.take(1_000_000, 0, 5).is_ok()));
        while pace.take(1, 1, 10_000_000_000).is_ok() {}
        assert!(pace.take(1, 1, 0).is_ok());
        assert!(!pace.is_idle(0) && pace.is_idle(10_000));
    }

    proptest! {
        #[test]
        fn over_time_there_are_never_more_than_rate_and_a_second_ahead(
            rate in 1_u64..1000, steps in proptest::collection::vec((0_i64..500, 1_u64..5), 1..200)
        ) {
            let (pace, mut now, mut taken) = (Pace::default(), 0, 0);
            for (step, n) in steps {
                now += step;
                if pace.take(n, rate, now).is_ok() {
                    taken += n;
                }
                // The last one may be larger than what is left.
                prop_assert!(taken <= rate * (now as u64 + 1000) / 1000 + 5);
            }
        }
    }
}
