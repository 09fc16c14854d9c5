//! Zaqar's `_retry_policy`: four phases with exact times, after `zaqar/notification/tasks/webhook.py`.

use serde_json::{Map, Value};

use super::keys::{object, pointer};
use crate::Refusal;

/// Zaqar's `LINEAR_INTERVAL`, in seconds.
const INTERVAL: i64 = 5;

/// Most retries of each counted phase.
const MAX_COUNT: i64 = 1_000;
/// The longest delay, in seconds: 30 days.
const MAX_DELAY: i64 = 30 * 24 * 3_600;

/// What an attempt may take beyond the delay before it.
const ATTEMPT_MARGIN_MS: i64 = 5 * 60_000;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Backoff {
    Linear,
    Arithmetic,
    /// Zaqar's `geometric` and `exponential` are the same series.
    Geometric,
}

/// A `_retry_policy`; delays in seconds, as Zaqar has them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Phases {
    at_once: i64,
    before: i64,
    minimum: i64,
    maximum: i64,
    after: i64,
    backoff: Backoff,
}

impl Phases {
    /// Reads the keys that Zaqar knows, and as Zaqar does leaves the others alone; `null` is the default.
    pub(super) fn parse(value: &Value) -> Result<Self, Refusal> {
        let map = object(value)?;
        let phases = Self {
            at_once: count(map, "retries_with_no_delay")?,
            before: count(map, "minimum_delay_retries")?,
            minimum: integer(map, "minimum_delay", 5, MAX_DELAY)?,
            maximum: integer(map, "maximum_delay", 30, MAX_DELAY)?,
            after: count(map, "maximum_delay_retries")?,
            backoff: backoff(map)?,
        };
        if present(map, "ignore_subscription_override").is_some_and(|value| !value.is_boolean()) {
            return Err(Refusal::new("/ignore_subscription_override", "must be a boolean"));
        }
        if phases.maximum - phases.minimum < 2 * INTERVAL {
            return Err(Refusal::new(
                "/maximum_delay",
                "must be at least 10 seconds more than minimum_delay",
            )
            .fix(format!(
                "with a minimum_delay of {} write {} or more",
                phases.minimum,
                phases.minimum + 2 * INTERVAL
            )));
        }
        if phases.minimum == 0 && phases.backoff == Backoff::Geometric {
            return Err(Refusal::new(
                "/minimum_delay",
                "a geometric or exponential back-off cannot grow from 0",
            )
            .fix("write 1 or more, or a linear or arithmetic retry_backoff_function"));
        }
        Ok(phases)
    }

    /// The delay before retry `k` (from 1), without jitter.
    pub(super) fn delay_ms(&self, k: u32) -> Option<i64> {
        let mut left = i64::from(k).checked_sub(1).filter(|left| *left >= 0)?;
        let phases = [
            (self.at_once, Some(0)),
            (self.before, Some(self.minimum)),
            (self.steps(), None),
            (self.after, Some(self.maximum)),
        ];
        for (length, delay) in phases {
            if left < length {
                return Some(delay.unwrap_or_else(|| self.step(left)) * 1_000);
            }
            left -= length;
        }
        None
    }

    /// All delays at their most, and time for every attempt.
    pub(super) fn window_ms(&self) -> i64 {
        let attempts = 1 + self.at_once + self.before + self.steps() + self.after;
        let delays = self.before * self.minimum + self.steps_at_most() + self.after * self.maximum;
        delays * 1_000 + attempts * ATTEMPT_MARGIN_MS
    }

    /// How many retries the back-off has.
    fn steps(&self) -> i64 {
        let range = self.maximum - self.minimum;
        match self.backoff {
            Backoff::Linear => (range + INTERVAL - 1) / INTERVAL,
            Backoff::Arithmetic | Backoff::Geometric => range / INTERVAL,
        }
    }

    /// Step `i` (from 0) of the back-off, in seconds; the operations stand in Zaqar's order, so that they round alike.
    fn step(&self, i: i64) -> i64 {
        let (minimum, maximum) = (self.minimum as f64, self.maximum as f64);
        let (n, a) = (self.steps() as f64, i as f64 + 1.0);
        match self.backoff {
            Backoff::Linear => self.minimum + i * INTERVAL,
            Backoff::Arithmetic => {
                let d = 2.0 * (maximum - minimum) / (n * (n - 1.0));
                (minimum + (a - 1.0) * a * d / 2.0) as i64
            }
            Backoff::Geometric => {
                let k = 10_f64.powf((maximum / minimum).log10() / (n - 1.0));
                (minimum * k.powf(a - 1.0)) as i64
            }
        }
    }

    /// No step is longer than the last, which is the maximum or a rounding beside it.
    fn steps_at_most(&self) -> i64 {
        self.steps() * (self.maximum + 1)
    }
}

fn present<'a>(map: &'a Map<String, Value>, key: &str) -> Option<&'a Value> {
    map.get(key).filter(|value| !value.is_null())
}

fn count(map: &Map<String, Value>, key: &str) -> Result<i64, Refusal> {
    integer(map, key, 3, MAX_COUNT)
}

fn integer(map: &Map<String, Value>, key: &str, default: i64, most: i64) -> Result<i64, Refusal> {
    let Some(value) = present(map, key) else { return Ok(default) };
    let refuse = |why: String| Refusal::new(pointer(key), why).fix(format!("write 0 to {most}"));
    if !(value.is_i64() || value.is_u64()) {
        return Err(refuse("must be an integer".to_owned()));
    }
    value
        .as_i64()
        .filter(|number| (0..=most).contains(number))
        .ok_or_else(|| refuse(format!("{value} is out of range")))
}

fn backoff(map: &Map<String, Value>) -> Result<Backoff, Refusal> {
    match present(map, "retry_backoff_function").map(Value::as_str) {
        None | Some(Some("linear")) => Ok(Backoff::Linear),
        Some(Some("arithmetic")) => Ok(Backoff::Arithmetic),
        Some(Some("geometric" | "exponential")) => Ok(Backoff::Geometric),
        Some(_) => Err(Refusal::new("/retry_backoff_function", "no such back-off function")
            .fix("write linear, arithmetic, geometric or exponential")),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn backoff_series(function: &str, minimum: i64, maximum: i64) -> Vec<i64> {
        let value = json!({
            "retries_with_no_delay": 0, "minimum_delay_retries": 0, "maximum_delay_retries": 0,
            "minimum_delay": minimum, "maximum_delay": maximum, "retry_backoff_function": function,
        });
        let phases = Phases::parse(&value).unwrap();
        (1..).map_while(|k| phases.delay_ms(k)).map(|ms| ms / 1_000).collect()
    }

    fn refused(value: &Value) -> String {
        Phases::parse(value).unwrap_err().to_string()
    }

    #[test]
    fn the_defaults_are_zaqars_four_phases() {
        let phases = Phases::parse(&json!({})).unwrap();
        let seconds: Vec<i64> = (1..).map_while(|k| phases.delay_ms(k)).map(|ms| ms / 1_000).collect();
        assert_eq!(seconds, [0, 0, 0, 5, 5, 5, 5, 10, 15, 20, 25, 30, 30, 30]);
        assert_eq!(phases.delay_ms(0), None);
        assert_eq!(
            phases,
            Phases::parse(&json!({"minimum_delay": null, "retry_backoff_function": null})).unwrap()
        );
    }

    // The series were computed by CPython from the formulas of zaqar/notification/tasks/webhook.py.
    #[test]
    fn the_series_are_zaqars() {
        assert_eq!(backoff_series("linear", 5, 30), [5, 10, 15, 20, 25]);
        assert_eq!(backoff_series("linear", 5, 31), [5, 10, 15, 20, 25, 30]);
        assert_eq!(backoff_series("linear", 0, 10), [0, 5]);
        assert_eq!(backoff_series("arithmetic", 5, 30), [5, 7, 12, 20, 30]);
        assert_eq!(backoff_series("arithmetic", 10, 60), [10, 11, 13, 16, 21, 26, 33, 41, 50, 60]);
        assert_eq!(backoff_series("arithmetic", 7, 40), [7, 9, 13, 20, 29, 40]);
        assert_eq!(backoff_series("geometric", 10, 60), [10, 12, 14, 18, 22, 27, 33, 40, 49, 60]);
        assert_eq!(backoff_series("exponential", 7, 40), [7, 9, 14, 19, 28, 40]);
        let one_to_hundred = [1, 1, 1, 2, 2, 3, 4, 5, 7, 10, 12, 16, 21, 27, 35, 46, 59, 77, 100];
        assert_eq!(backoff_series("geometric", 1, 100), one_to_hundred);
    }

    #[test]
    fn the_last_geometric_step_may_round_down() {
        let series = backoff_series("geometric", 5, 30);
        assert!(series == [5, 7, 12, 19, 29] || series == [5, 7, 12, 19, 30], "{series:?}");
    }

    #[test]
    fn what_is_wrong_is_named_with_its_place() {
        for (value, start) in [
            (json!("x"), ": a retry policy is a JSON object"),
            (json!({"minimum_delay": "5"}), "/minimum_delay: must be an integer"),
            (json!({"minimum_delay": true}), "/minimum_delay: must be an integer"),
            (json!({"minimum_delay": 5.0}), "/minimum_delay: must be an integer"),
            (
                json!({"maximum_delay_retries": -1}),
                "/maximum_delay_retries: -1 is out of range; write 0 to 1000",
            ),
            (
                json!({"retries_with_no_delay": u64::MAX}),
                "/retries_with_no_delay: 18446744073709551615 is out of",
            ),
            (json!({"maximum_delay": i64::MAX}), "/maximum_delay: 9223372036854775807 is out of range"),
            (json!({"minimum_delay": 21}), "/maximum_delay: must be at least 10 seconds more"),
            (json!({"minimum_delay": 90}), "/maximum_delay: must be at least 10 seconds more"),
            (json!({"retry_backoff_function": "quadratic"}), "/retry_backoff_function: no such"),
            (json!({"retry_backoff_function": 1}), "/retry_backoff_function: no such"),
            (json!({"ignore_subscription_override": 1}), "/ignore_subscription_override: must be a boolean"),
            (
                json!({"minimum_delay": 0, "retry_backoff_function": "geometric"}),
                "/minimum_delay: a geometric",
            ),
            (
                json!({"minimum_delay": 0, "retry_backoff_function": "exponential"}),
                "/minimum_delay: a geometric",
            ),
        ] {
            assert!(refused(&value).starts_with(start), "{value}: {}", refused(&value));
        }
    }

    #[test]
    fn keys_that_zaqar_does_not_know_are_left_alone() {
        assert_eq!(Phases::parse(&json!({"color": "red"})), Phases::parse(&json!({})));
    }

    #[test]
    fn the_largest_policy_counts_without_overflow() {
        let value = json!({
            "retries_with_no_delay": MAX_COUNT, "minimum_delay_retries": MAX_COUNT, "maximum_delay_retries": MAX_COUNT,
            "minimum_delay": 0, "maximum_delay": MAX_DELAY,
        });
        let phases = Phases::parse(&value).unwrap();
        assert!(phases.window_ms() > 0 && phases.window_ms() < i64::MAX / 1_000);
        assert_eq!(phases.delay_ms(u32::MAX), None);
    }

    proptest! {
        #[test]
        fn delays_stay_between_the_two_and_within_the_window(
            minimum in 1_i64..500, range in 10_i64..2_000,
            function in prop::sample::select(vec!["linear", "arithmetic", "geometric", "exponential"]),
        ) {
            let maximum = minimum + range;
            let series = backoff_series(function, minimum, maximum);
            prop_assert!(series.windows(2).all(|two| two[0] <= two[1]));
            prop_assert!(series.iter().all(|delay| (minimum..=maximum).contains(delay)), "{:?}", series);
            let value = json!({"minimum_delay": minimum, "maximum_delay": maximum, "retry_backoff_function": function});
            let phases = Phases::parse(&value).unwrap();
            let sum: i64 = (1..).map_while(|k| phases.delay_ms(k)).sum();
            prop_assert!(sum <= phases.window_ms());
        }
    }
}
