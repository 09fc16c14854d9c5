//! Durations as people write them: one whole number and one unit.

use std::time::Duration;

/// Why a text is no duration.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DurationError {
    /// No digits in front.
    #[error(
        "`{0}` is not a duration: write a whole number and a unit, like `500ms`, `5s`, `5m`, `2h` or `1d`"
    )]
    Number(String),
    /// No unit, or one that is not known.
    #[error("`{0}` has no unit that is known: write ms, s, m, h or d behind the number, like `5s`")]
    Unit(String),
    /// More milliseconds than can be counted.
    #[error("`{0}` is too long a duration")]
    TooLong(String),
}

const UNITS: [(&str, u64); 5] = [("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000)];

/// Reads `500ms`, `5s`, `5m`, `2h` or `1d`: one whole number and one unit, nothing between them.
///
/// # Errors
/// A [`DurationError`] that repeats the text and says how to write it.
pub fn parse_duration(text: &str) -> Result<Duration, DurationError> {
    let unit = text.trim_start_matches(|c: char| c.is_ascii_digit());
    let digits = text.strip_suffix(unit).unwrap_or_default();
    if digits.is_empty() {
        return Err(DurationError::Number(text.to_owned()));
    }
    let (_, factor) = UNITS
        .into_iter()
        .find(|(name, _)| *name == unit)
        .ok_or_else(|| DurationError::Unit(text.to_owned()))?;
    digits
        .parse::<u64>()
        .ok()
        .and_then(|number| number.checked_mul(factor))
        .filter(|ms| i64::try_from(*ms).is_ok())
        .map(Duration::from_millis)
        .ok_or_else(|| DurationError::TooLong(text.to_owned()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_unit_is_read() {
        let table = [
            ("0s", 0),
            ("500ms", 500),
            ("5s", 5_000),
            ("5m", 300_000),
            ("2h", 7_200_000),
            ("1d", 86_400_000),
        ];
        for (text, ms) in table {
            assert_eq!(parse_duration(text), Ok(Duration::from_millis(ms)), "{text}");
        }
    }

    #[test]
    fn what_is_no_duration_is_refused_with_its_text() {
        for text in ["", "s", "-5s", "+5s", " 5s", ".5s", "٣s"] {
            assert_eq!(parse_duration(text), Err(DurationError::Number(text.into())), "{text}");
        }
        for text in ["5", "5 s", "5S", "1.5s", "1h30m", "5sec", "5s "] {
            assert_eq!(parse_duration(text), Err(DurationError::Unit(text.into())), "{text}");
        }
        for text in ["99999999999999999999s", "18446744073709551615ms", "9223372036854775807d"] {
            assert_eq!(parse_duration(text), Err(DurationError::TooLong(text.into())), "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_number_and_a_unit_is_their_product(number in 0_u64..1 << 32, unit in 0_usize..5) {
            let (name, factor) = UNITS[unit];
            prop_assert_eq!(parse_duration(&format!("{number}{name}")), Ok(Duration::from_millis(number * factor)));
        }

        #[test]
        fn any_text_is_read_or_refused(text in "[0-9]{0,22}[a-z]{0,3}|\\PC{0,9}") {
            if let Err(error) = parse_duration(&text) {
                prop_assert!(error.to_string().contains(&text));
            }
        }
    }
}
