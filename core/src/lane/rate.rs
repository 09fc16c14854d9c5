//! Rates as people write them: so many a second, a minute or an hour.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

use crate::Refusal;

/// At most so many attempts in any span of so many milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    count: u32,
    unit: Unit,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Unit {
    Second,
    Minute,
    Hour,
}

const UNITS: [(&str, Unit); 3] = [("s", Unit::Second), ("m", Unit::Minute), ("h", Unit::Hour)];

/// The largest number in a rate.
const MOST: u32 = 1_000_000;

/// Attempts that are remembered at most to keep a rate. One with a larger number is kept over a shorter span.
const REMEMBERED: u32 = 1_000;

impl Rate {
    /// Reads `10/s`, `100/m` or `5/h`: a whole number from 1 to 1,000,000, a slash and a unit, nothing between them.
    ///
    /// # Errors
    /// A [`Refusal`] that says how to write it.
    pub fn parse(text: &str) -> Result<Self, Refusal> {
        let refused = |why: String| {
            Refusal::new("", why).fix("write a number and a unit, like \"10/s\", \"100/m\" or \"5/h\"")
        };
        let (digits, name) =
            text.split_once('/').ok_or_else(|| refused(format!("`{text}` is not a rate")))?;
        let count = Some(digits)
            .filter(|digits| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()))
            .and_then(|digits| digits.parse().ok())
            .filter(|count| (1..=MOST).contains(count))
            .ok_or_else(|| refused(format!("`{digits}` is not a whole number from 1 to {MOST}")))?;
        let (_, unit) = UNITS
            .into_iter()
            .find(|(known, _)| *known == name)
            .ok_or_else(|| refused(format!("`{name}` is not a unit of a rate")))?;
        Ok(Self { count, unit })
    }

    /// `count` attempts in any second; 0 counts as 1, and what is above 1,000,000 as that.
    #[must_use]
    pub const fn per_second(count: u32) -> Self {
        let count = if count == 0 {
            1
        } else if count > MOST {
            MOST
        } else {
            count
        };
        Self { count, unit: Unit::Second }
    }

    /// How the rate is kept: at most so many attempts in any span of so many milliseconds.
    ///
    /// The number is at most 1,000. A larger rate is cut into spans that are as much shorter, so that as many in
    /// each of them are no more in all; what does not divide is rounded in the far side's favour.
    #[must_use]
    pub const fn window(self) -> (u32, i64) {
        let span = self.unit.ms();
        let parts = self.count.div_ceil(REMEMBERED);
        (self.count / parts, (span as u64).div_ceil(parts as u64) as i64)
    }
}

impl Unit {
    const fn ms(self) -> i64 {
        match self {
            Self::Second => 1_000,
            Self::Minute => 60_000,
            Self::Hour => 3_600_000,
        }
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = UNITS.iter().find(|(_, unit)| *unit == self.unit).map_or("", |(name, _)| name);
        write!(f, "{}/{name}", self.count)
    }
}

impl Serialize for Rate {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Rate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).map_err(|refusal| D::Error::custom(format!("{}; {}", refusal.why, refusal.fix)))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn window(text: &str) -> (u32, i64) {
        Rate::parse(text).unwrap().window()
    }

    #[test]
    fn a_rate_is_a_number_and_a_unit() {
        assert_eq!(
            [window("10/s"), window("100/m"), window("5/h")],
            [(10, 1_000), (100, 60_000), (5, 3_600_000)]
        );
        assert_eq!(Rate::parse("100/m").unwrap().to_string(), "100/m");
    }

    #[test]
    fn a_large_rate_is_kept_over_shorter_spans() {
        assert_eq!(window("10000/s"), (1_000, 100));
        assert_eq!(window("1500/s"), (750, 500));
        assert_eq!(window("1000000/s"), (1_000, 1));
    }

    #[test]
    fn a_rate_that_is_written_in_code_is_one_that_can_be_read() {
        assert_eq!(Rate::per_second(20), Rate::parse("20/s").unwrap());
        assert_eq!(Rate::per_second(0).to_string(), "1/s");
        assert_eq!(Rate::per_second(u32::MAX).to_string(), "1000000/s");
    }

    #[test]
    fn what_is_no_rate_is_named() {
        for (text, why) in [
            ("10", "`10` is not a rate"),
            ("/s", "`` is not a whole number"),
            ("0/s", "`0` is not a whole number from 1"),
            ("+1/s", "`+1` is not a whole number"),
            ("1000001/h", "`1000001` is not a whole number"),
            ("1.5/s", "`1.5` is not a whole number"),
            ("1/d", "`d` is not a unit"),
            ("1/s ", "`s ` is not a unit"),
        ] {
            let refusal = Rate::parse(text).unwrap_err().to_string();
            assert!(refusal.contains(why), "{refusal}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_a_rate_or_refused(text in "\\PC*|[0-9]{0,8}/[smhd]") {
            if let Ok(rate) = Rate::parse(&text) {
                let (count, ms) = rate.window();
                prop_assert!((1..=REMEMBERED).contains(&count) && ms >= 1);
                prop_assert_eq!(Rate::parse(&rate.to_string()).unwrap(), rate);
            }
        }

        #[test]
        fn a_window_allows_no_more_than_the_rate(count in 1..=MOST, at in 0..UNITS.len()) {
            let rate = Rate { count, unit: UNITS[at].1 };
            let (most, ms) = rate.window();
            // As many spans as it takes to cover the unit hold no more than the rate in all.
            let spans = rate.unit.ms().unsigned_abs().div_ceil(ms.unsigned_abs());
            prop_assert!(u64::from(most) * spans <= u64::from(count));
        }
    }
}
