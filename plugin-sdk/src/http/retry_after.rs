//! `Retry-After` (RFC 9110, section 10.2.3): seconds, or an HTTP date.

use std::time::{Duration, UNIX_EPOCH};

/// Longer waits are read as this one; what a policy does with it is the policy's business.
pub(super) const LONGEST: Duration = Duration::from_secs(366 * 24 * 3600);

/// How long to wait from `now_ms` on, `None` when `value` is neither seconds nor a date. A date that has passed is
/// no wait.
pub(super) fn parse(value: &str, now_ms: i64) -> Option<Duration> {
    let value = value.trim();
    if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) {
        // Only a number too large for u64 fails here.
        return Some(value.parse().map_or(LONGEST, |seconds| Duration::from_secs(seconds).min(LONGEST)));
    }
    let date = httpdate::parse_http_date(value).ok()?.duration_since(UNIX_EPOCH).ok()?;
    let now = Duration::from_millis(u64::try_from(now_ms).unwrap_or(0));
    Some(date.saturating_sub(now).min(LONGEST))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Sun, 06 Nov 1994 08:49:37 GMT, RFC 9110's example.
    const EXAMPLE_MS: i64 = 784_111_777_000;

    #[test]
    fn seconds_and_all_three_forms_of_a_date_are_understood() {
        assert_eq!(parse(" 120 ", EXAMPLE_MS), Some(Duration::from_secs(120)));
        for date in
            ["Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"]
        {
            assert_eq!(parse(date, EXAMPLE_MS - 1_500), Some(Duration::from_millis(1_500)), "{date}");
        }
        assert_eq!(parse("Sun, 06 Nov 1994 08:49:37 GMT", EXAMPLE_MS + 1), Some(Duration::ZERO));
        assert_eq!(parse("99999999999999999999999999", 0), Some(LONGEST));
    }

    #[test]
    fn anything_else_is_no_wish() {
        for value in ["", " ", "-1", "1.5", "soon", "+5", "Sun, 99 Nov 1994 08:49:37 GMT"] {
            assert_eq!(parse(value, 0), None, "{value}");
        }
    }

    proptest! {
        #[test]
        fn no_value_panics_and_no_wait_is_longer_than_the_longest(value in ".*", now in any::<i64>()) {
            prop_assert!(parse(&value, now).is_none_or(|wait| wait <= LONGEST));
        }

        #[test]
        fn seconds_are_taken_as_they_are(seconds in 0u64..1_000_000, now in any::<i64>()) {
            prop_assert_eq!(parse(&seconds.to_string(), now), Some(Duration::from_secs(seconds)));
        }

        #[test]
        fn a_date_is_so_far_away_as_it_says(at in 0u64..4_000_000_000, before in 0u64..31_000_000) {
            let at = at + before;
            let text = httpdate::fmt_http_date(UNIX_EPOCH + Duration::from_secs(at));
            let now = i64::try_from((at - before) * 1000).unwrap();
            prop_assert_eq!(parse(&text, now), Some(Duration::from_secs(before)));
        }
    }
}
