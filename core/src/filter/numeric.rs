//! `{"numeric": [">", 0, "<=", 150]}`: one bound, two bounds, or `=`.

use serde_json::{Number, Value};

use super::place::Place;
use crate::Refusal;

/// The largest number of a policy, and with a minus the smallest.
const MOST: f64 = 1e9;
/// Ten to the power of the digits that a number of a policy may have after its point.
const FRACTIONS: f64 = 1e5;

/// A range of numbers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Range {
    low: f64,
    with_low: bool,
    high: f64,
    with_high: bool,
}

impl Range {
    const ALL: Self = Self { low: f64::NEG_INFINITY, with_low: true, high: f64::INFINITY, with_high: true };

    /// Whether `number` lies in it.
    pub(super) fn contains(self, number: f64) -> bool {
        let above = if self.with_low { number >= self.low } else { number > self.low };
        let below = if self.with_high { number <= self.high } else { number < self.high };
        above && below
    }

    /// Reads the list behind `numeric`.
    pub(super) fn read(value: &Value, place: Place<'_>) -> Result<Self, Refusal> {
        let form = || {
            place
                .refuse("must be a list of a comparison and a number, or of two of each")
                .fix("write [\"=\", 301.5], [\">\", 0] or [\">=\", 0, \"<\", 100]")
        };
        let list = value.as_array().filter(|list| matches!(list.len(), 2 | 4)).ok_or_else(form)?;
        if list.len() == 4 && list.iter().any(|one| one == "=") {
            return Err(place
                .refuse("`=` cannot be used with another comparison")
                .fix("leave one of them out"));
        }
        let mut range = Self::ALL;
        for (n, pair) in list.chunks(2).enumerate() {
            let [Value::String(comparison), Value::Number(number)] = pair else { return Err(form()) };
            let number = number_of_policy(number, Place::Entry(&place, 2 * n + 1))?;
            range.narrow(comparison, number).map_err(|why| Place::Entry(&place, 2 * n).refuse(why))?;
        }
        if list.len() == 4 && (range.low.is_infinite() || range.high.is_infinite()) {
            return Err(place
                .refuse("has two bounds on the same side")
                .fix("write one from below and one from above"));
        }
        if range.low > range.high || (range.low >= range.high && !(range.with_low && range.with_high)) {
            return Err(place.refuse("no number is in this range").fix("swap the bounds"));
        }
        Ok(range)
    }

    fn narrow(&mut self, comparison: &str, number: f64) -> Result<(), String> {
        match comparison {
            "=" => {
                *self = Self { low: number, with_low: true, high: number, with_high: true };
            }
            "<" | "<=" => (self.high, self.with_high) = (number, comparison == "<="),
            ">" | ">=" => (self.low, self.with_low) = (number, comparison == ">="),
            _ => return Err(format!("unknown comparison `{comparison}`: write =, <, <=, > or >=")),
        }
        Ok(())
    }
}

/// A number of a policy: from -10^9 to 10^9 with at most 5 digits after the point (Amazon SNS's limits).
pub(super) fn number_of_policy(number: &Number, place: Place<'_>) -> Result<f64, Refusal> {
    let value = number.as_f64().filter(|value| value.abs() <= MOST).ok_or_else(|| {
        place
            .refuse(format!("{number} is out of range"))
            .fix("numbers of a filter are from -1000000000 to 1000000000")
    })?;
    // The double next to k / 10^5 is the one that k / 10^5 rounds to; any other one has more digits.
    if (value * FRACTIONS).round() / FRACTIONS != value {
        return Err(place
            .refuse(format!("{number} is too exact"))
            .fix("write at most 5 digits after the point"));
    }
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn range(value: Value) -> Result<Range, Refusal> {
        Range::read(&value, Place::Root)
    }

    #[test]
    fn bounds_are_in_or_out() {
        let both = range(json!([">", 0, "<=", 150])).unwrap();
        assert!(!both.contains(0.0) && both.contains(0.5) && both.contains(150.0) && !both.contains(150.5));
        assert!(range(json!(["<", 0])).unwrap().contains(-1e300));
        let equal = range(json!(["=", 301.5])).unwrap();
        assert!(equal.contains(3.015e2) && !equal.contains(301.500_01));
        assert!(range(json!([">=", 2, "<=", 2])).unwrap().contains(2.0));
    }

    #[test]
    fn a_range_that_cannot_be_meant_is_refused() {
        for bad in [
            json!([]),
            json!([">"]),
            json!([0, ">"]),
            json!([">", "0"]),
            json!(["~", 0]),
            json!([">", 0, ">", 1]),
            json!(["<", 0, "<=", 1]),
            json!(["=", 0, "<", 1]),
            json!(["<", 1, "=", 0]),
            json!(["=", 0, "=", 0]),
            json!([">", 5, "<", 1]),
            json!([">", 5, "<", 5]),
            json!([">=", 5, "<", 5]),
            json!(5),
            json!({}),
        ] {
            assert!(range(bad.clone()).is_err(), "{bad}");
        }
    }

    #[test]
    fn numbers_have_a_range_and_five_digits() {
        for good in ["0", "-0.00001", "999999999.99999", "1e9", "-1000000000", "0.1", "301.50000"] {
            let number: Number = serde_json::from_str(good).unwrap();
            assert!(number_of_policy(&number, Place::Root).is_ok(), "{good}");
        }
        for bad in ["1000000000.1", "-1e10", "0.000001", "1.1234567", "18446744073709551615"] {
            let number: Number = serde_json::from_str(bad).unwrap();
            assert!(number_of_policy(&number, Place::Root).is_err(), "{bad}");
        }
    }
}
