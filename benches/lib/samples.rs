//! Times that were measured, and their percentiles.

use serde::{Deserialize, Serialize};

/// Durations in microseconds, all of them kept.
#[derive(Debug, Default)]
pub struct Samples(Vec<u32>);

/// What is said of many durations, in milliseconds.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub struct Percentiles {
    /// Half of them were at most this.
    pub p50: f64,
    /// 99 of a hundred were at most this.
    pub p99: f64,
}

impl Samples {
    /// Takes down a duration.
    pub fn add(&mut self, nanoseconds: u64) {
        self.0.push(u32::try_from(nanoseconds / 1000).unwrap_or(u32::MAX));
    }

    /// The percentiles; zero of nothing.
    #[must_use]
    pub fn percentiles(&mut self) -> Percentiles {
        self.0.sort_unstable();
        let at = |percent: usize| {
            let rank = (self.0.len() * percent).div_ceil(100).saturating_sub(1);
            self.0.get(rank).map_or(0.0, |us| f64::from(*us) / 1000.0)
        };
        Percentiles { p50: at(50), p99: at(99) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_hundred_the_99th_is_the_second_longest() {
        let mut samples = Samples::default();
        (1..=100).rev().for_each(|ms| samples.add(ms * 1_000_000));
        let both = samples.percentiles();
        assert_eq!((both.p50, both.p99), (50.0, 99.0));
        assert_eq!(Samples::default().percentiles().p99, 0.0);
    }
}
