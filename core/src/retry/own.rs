//! Our own policies: a list of delays, or exponential.

use serde_json::{Map, Value};

use super::keys::{object, only, pointer};
use crate::{DeliveryKey, Refusal, duration::parse_duration};

const SECOND: i64 = 1_000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;

const MAX_RETRIES: usize = 100;
const MAX_DELAY_MS: i64 = 7 * 24 * HOUR;

/// Delays from here on are spread, so that deliveries which failed together do not all come back together.
const JITTER_FROM_MS: i64 = 5 * MINUTE;
const JITTER_PERCENT: i64 = 10;

/// What an attempt may take beyond the delay before it: its deadline and the wait for a slot.
const ATTEMPT_MARGIN_MS: i64 = 5 * MINUTE;

/// The delays before retry 1, 2, ... in milliseconds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Schedule(Vec<i64>);

impl Default for Schedule {
    fn default() -> Self {
        Self(vec![
            0,
            SECOND,
            5 * SECOND,
            30 * SECOND,
            5 * MINUTE,
            30 * MINUTE,
            2 * HOUR,
            5 * HOUR,
            10 * HOUR,
            14 * HOUR,
            20 * HOUR,
            24 * HOUR,
        ])
    }
}

impl Schedule {
    /// Reads `{"schedule": [...]}` or `{"base": ..., "factor": ..., "cap": ..., "retries": ...}`.
    pub(super) fn parse(value: &Value) -> Result<Self, Refusal> {
        let map = object(value)?;
        only(map, &["schedule", "base", "factor", "cap", "retries"])?;
        match map.get("schedule") {
            Some(list) if map.len() == 1 => listed(list),
            Some(_) => Err(Refusal::new("/schedule", "a schedule stands alone")
                .fix("write either `schedule`, or `base`, `factor`, `cap` and `retries`")),
            None if map.is_empty() => Ok(Self::default()),
            None => exponential(map),
        }
    }

    /// The delay before retry `k` (from 1) of `key`, spread by up to a tenth from five minutes on.
    pub(super) fn delay_ms(&self, k: u32, key: DeliveryKey) -> Option<i64> {
        let delay = *self.0.get(usize::try_from(k).ok()?.checked_sub(1)?)?;
        if delay < JITTER_FROM_MS {
            return Some(delay);
        }
        let spread = delay / 100 * JITTER_PERCENT;
        let span = u64::try_from(2 * spread + 1).unwrap_or(1);
        let offset = i64::try_from(hash(key, k) % span).unwrap_or(0);
        Some(delay - spread + offset)
    }

    /// All delays at their longest, and time for every attempt.
    pub(super) fn window_ms(&self) -> i64 {
        self.0.iter().fold(ATTEMPT_MARGIN_MS, |sum, delay| {
            sum + delay + delay / 100 * JITTER_PERCENT + ATTEMPT_MARGIN_MS
        })
    }
}

/// The finaliser of `SplitMix64` (Steele, Lea, Flood 2014): the same spread for the same retry, whoever asks.
fn hash(key: DeliveryKey, k: u32) -> u64 {
    let seed =
        key.message.0.cast_unsigned() ^ u64::from(key.idx).rotate_left(40) ^ u64::from(k).rotate_left(24);
    let mut z = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

fn listed(list: &Value) -> Result<Schedule, Refusal> {
    let list = list.as_array().ok_or_else(|| {
        Refusal::new("/schedule", "not a list").fix("write a list of durations, like [\"0s\", \"5m\"]")
    })?;
    if list.len() > MAX_RETRIES {
        return Err(Refusal::new(
            "/schedule",
            format!("{} retries; at most {MAX_RETRIES} are allowed", list.len()),
        ));
    }
    let delays = list.iter().enumerate().map(|(at, value)| delay(&format!("/schedule/{at}"), value));
    delays.collect::<Result<_, _>>().map(Schedule)
}

fn exponential(map: &Map<String, Value>) -> Result<Schedule, Refusal> {
    let base = delay("/base", needed(map, "base")?)?;
    if base == 0 {
        return Err(
            Refusal::new("/base", "a base of zero never grows").fix("write at least 1ms, like \"5s\"")
        );
    }
    let cap = delay("/cap", needed(map, "cap")?)?;
    if cap < base {
        return Err(Refusal::new("/cap", "less than base").fix("write a cap of at least the base"));
    }
    let retries = needed(map, "retries")?
        .as_u64()
        .and_then(|count| usize::try_from(count).ok())
        .filter(|count| *count <= MAX_RETRIES)
        .ok_or_else(|| Refusal::new("/retries", format!("not a whole number from 0 to {MAX_RETRIES}")))?;
    let factor = factor(map.get("factor"))?;
    let grown = std::iter::successors(Some(base as f64), |delay| Some((delay * factor).min(cap as f64)));
    Ok(Schedule(grown.take(retries).map(|delay| delay as i64).collect()))
}

fn factor(value: Option<&Value>) -> Result<f64, Refusal> {
    let Some(value) = value else { return Ok(2.0) };
    value
        .as_f64()
        .filter(|factor| (1.0..=100.0).contains(factor))
        .ok_or_else(|| Refusal::new("/factor", "not a number from 1 to 100").fix("leave it out for 2"))
}

fn needed<'a>(map: &'a Map<String, Value>, key: &str) -> Result<&'a Value, Refusal> {
    map.get(key).ok_or_else(|| {
        Refusal::new(pointer(key), "missing")
            .fix("an exponential policy has `base`, `cap` and `retries`; `factor` is 2")
    })
}

fn delay(at: &str, value: &Value) -> Result<i64, Refusal> {
    let text =
        value.as_str().ok_or_else(|| Refusal::new(at, "not a text").fix("write a duration, like \"5s\""))?;
    let delay = parse_duration(text).map_err(|error| Refusal::new(at, error.to_string()))?;
    i64::try_from(delay.as_millis()).ok().filter(|ms| *ms <= MAX_DELAY_MS).ok_or_else(|| {
        Refusal::new(at, format!("`{text}` is longer than a delay may be")).fix("write at most 7d")
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::MessageId;

    const KEY: DeliveryKey = DeliveryKey::new(MessageId(77), 0);

    fn refused(value: &Value) -> String {
        Schedule::parse(value).unwrap_err().to_string()
    }

    #[test]
    fn a_schedule_is_the_delays_as_written() {
        let parsed = Schedule::parse(&json!({"schedule": ["0s", "500ms", "2h"]})).unwrap();
        assert_eq!(parsed, Schedule(vec![0, 500, 2 * HOUR]));
        assert_eq!((parsed.delay_ms(1, KEY), parsed.delay_ms(2, KEY)), (Some(0), Some(500)));
        assert_eq!((parsed.delay_ms(4, KEY), parsed.delay_ms(0, KEY)), (None, None));
    }

    #[test]
    fn the_default_is_the_documented_schedule() {
        let text = ["0s", "1s", "5s", "30s", "5m", "30m", "2h", "5h", "10h", "14h", "20h", "24h"];
        assert_eq!(Schedule::parse(&json!({ "schedule": text })).unwrap(), Schedule::default());
        assert_eq!(Schedule::parse(&json!({})).unwrap(), Schedule::default());
    }

    #[test]
    fn an_exponential_policy_grows_to_its_cap() {
        let parsed = Schedule::parse(&json!({"base": "5s", "factor": 2, "cap": "1m", "retries": 6})).unwrap();
        assert_eq!(parsed, Schedule(vec![5_000, 10_000, 20_000, 40_000, 60_000, 60_000]));
        let doubled = Schedule::parse(&json!({"base": "5s", "cap": "1m", "retries": 6})).unwrap();
        assert_eq!(parsed, doubled);
    }

    #[test]
    fn jitter_begins_at_five_minutes_and_stays_within_a_tenth() {
        let policy = Schedule(vec![JITTER_FROM_MS - 1, JITTER_FROM_MS]);
        let spread: Vec<i64> =
            (0..200).filter_map(|idx| policy.delay_ms(2, DeliveryKey::new(MessageId(9), idx))).collect();
        assert!(spread.iter().all(|delay| (270_000..=330_000).contains(delay)));
        assert!(spread.iter().any(|delay| *delay < 285_000) && spread.iter().any(|delay| *delay > 315_000));
        assert_eq!(policy.delay_ms(1, KEY), Some(JITTER_FROM_MS - 1));
        assert_eq!(policy.delay_ms(2, KEY), policy.delay_ms(2, KEY));
    }

    #[test]
    fn what_is_wrong_is_named_with_its_place() {
        let long: Vec<&str> = vec!["1s"; 101];
        for (value, at) in [
            (json!([]), ": a retry policy is a JSON object"),
            (json!({"shedule": []}), "/shedule: no such key; did you mean `schedule`?"),
            (json!({"delays": []}), "/delays: no such key; use schedule"),
            (json!({"schedule": [], "cap": "1s"}), "/schedule: a schedule stands alone"),
            (json!({"schedule": "5s"}), "/schedule: not a list"),
            (json!({"schedule": ["5s", 5]}), "/schedule/1: not a text"),
            (json!({"schedule": ["5s", "5"]}), "/schedule/1: `5` has no unit"),
            (json!({"schedule": ["8d"]}), "/schedule/0: `8d` is longer"),
            (json!({"schedule": long}), "/schedule: 101 retries"),
            (json!({"base": "5s", "retries": 1}), "/cap: missing"),
            (json!({"base": "0s", "cap": "1s", "retries": 1}), "/base: a base of zero"),
            (json!({"base": "5s", "cap": "1s", "retries": 1}), "/cap: less than base"),
            (json!({"base": "5s", "cap": "1h", "retries": 101}), "/retries: not a whole number"),
            (json!({"base": "5s", "cap": "1h", "retries": -1}), "/retries: not a whole number"),
            (json!({"base": "5s", "cap": "1h", "retries": 1, "factor": 0.5}), "/factor: not a number"),
        ] {
            assert!(refused(&value).starts_with(at), "{value}: {}", refused(&value));
        }
    }

    proptest! {
        #[test]
        fn delays_lie_within_a_tenth_and_add_up_to_less_than_the_window(
            delays in prop::collection::vec(0..=MAX_DELAY_MS, 0..=MAX_RETRIES), message: i64, idx: u32,
        ) {
            let policy = Schedule(delays.clone());
            let mut sum = 0;
            for (k, delay) in (1..).zip(&delays) {
                let spread = policy.delay_ms(k, DeliveryKey::new(MessageId(message), idx)).unwrap();
                prop_assert!((spread - delay).abs() * 10 <= *delay);
                sum += spread;
            }
            prop_assert!(sum < policy.window_ms());
        }
    }
}
