//! Times on the wire.

use time::{
    OffsetDateTime, PrimitiveDateTime,
    format_description::{
        BorrowedFormatItem,
        well_known::{Iso8601, Rfc3339},
    },
    macros::format_description,
};

const MILLIS: &[BorrowedFormatItem<'_>] =
    format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3]Z");
const SECONDS: &[BorrowedFormatItem<'_>] =
    format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]Z");
const MINUTE: &[BorrowedFormatItem<'_>] = format_description!("[year]-[month]-[day] [hour]:[minute]");
const BARE: &[BorrowedFormatItem<'_>] = format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]");

/// RFC 3339 in UTC with milliseconds; `None` for 0, which is no time.
pub(crate) fn rfc3339(ms: i64) -> Option<String> {
    if ms == 0 { None } else { written(ms, MILLIS) }
}

/// Zaqar's `created`: RFC 3339 in UTC with seconds.
pub(crate) fn created(ms: i64) -> String {
    written(ms, SECONDS).unwrap_or_default()
}

/// Zaqar's times of signatures: in UTC, with seconds and without a zone.
pub(crate) fn bare(ms: i64) -> Option<String> {
    written(ms, BARE)
}

/// Unix milliseconds of a time as [`bare`] writes it.
pub(crate) fn of_bare(text: &str) -> Option<i64> {
    let time = PrimitiveDateTime::parse(text, BARE).ok()?.assume_utc();
    let ms = time.unix_timestamp().checked_mul(1000)?;
    // The parser takes more than one spelling.
    (bare(ms)? == text).then_some(ms)
}

/// Unix milliseconds of a time by ISO 8601, with or without a zone; without one it is UTC.
pub(crate) fn of_iso8601(text: &str) -> Option<i64> {
    let text = text.replacen(' ', "T", 1);
    let zoned = OffsetDateTime::parse(&text, &Iso8601::PARSING).ok();
    let bare = || PrimitiveDateTime::parse(&text, &Iso8601::PARSING).ok().map(PrimitiveDateTime::assume_utc);
    zoned.or_else(bare)?.unix_timestamp().checked_mul(1000)
}

/// A time for people, in UTC: `2026-01-31 09:00`.
pub(crate) fn minute(ms: i64) -> String {
    written(ms, MINUTE).unwrap_or_default()
}

/// Whole seconds since `ms`, never negative.
pub(crate) fn age(now: i64, ms: i64) -> i64 {
    (now - ms).max(0) / 1000
}

/// Unix milliseconds of a time by RFC 3339; `None` when it is none, or not after 1970.
pub(crate) fn of_rfc3339(text: &str) -> Option<i64> {
    let time = OffsetDateTime::parse(text, &Rfc3339).ok()?;
    i64::try_from(time.unix_timestamp_nanos().div_euclid(1_000_000)).ok().filter(|ms| *ms > 0)
}

/// Unix milliseconds of Unix seconds; `None` when they are not after 1970, or too many.
pub(crate) fn of_seconds(seconds: i64) -> Option<i64> {
    seconds.checked_mul(1000).filter(|ms| *ms > 0)
}

fn written(ms: i64, format: &[BorrowedFormatItem<'_>]) -> Option<String> {
    OffsetDateTime::from_unix_timestamp_nanos(i128::from(ms) * 1_000_000).ok()?.format(format).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_utc() {
        assert_eq!(rfc3339(1_704_067_200_007).unwrap(), "2024-01-01T00:00:00.007Z");
        assert_eq!(created(1_704_067_200_007), "2024-01-01T00:00:00Z");
        assert_eq!(rfc3339(0), None);
        assert_eq!(rfc3339(i64::MAX), None);
    }

    #[test]
    fn a_time_without_a_zone_is_utc_and_has_one_spelling() {
        assert_eq!(of_bare("2024-01-01T00:00:00"), Some(1_704_067_200_000));
        for bad in
            ["2024-01-01T00:00:00Z", "2024-01-01 00:00:00", "+2024-01-01T00:00:00", "2024-1-1T0:0:0", "", "1"]
        {
            assert_eq!(of_bare(bad), None, "{bad}");
        }
        for good in [
            "2024-01-01T00:00:00",
            "2024-01-01T02:00:00+02:00",
            "2024-01-01 00:00:00Z",
            "2024-01-01T00:00:00.5Z",
        ] {
            assert_eq!(of_iso8601(good), Some(1_704_067_200_000), "{good}");
        }
        assert_eq!((of_iso8601("123"), of_iso8601("tomorrow")), (None, None));
    }

    #[test]
    fn a_clock_that_was_set_back_makes_no_negative_age() {
        assert_eq!((age(1_999, 1_000), age(5, 1_000)), (0, 0));
        assert_eq!(age(3_000, 1_000), 2);
    }
}
