//! Sizes as people write them, and durations in messages.

use std::time::Duration;

/// `65536`, `64 KiB`, `64MiB`, `1 GiB`.
pub(super) fn bytes(text: &str) -> Option<u64> {
    let (number, after) = number(text.trim())?;
    let shift = match after.trim() {
        "" | "B" => 0,
        "KiB" => 10,
        "MiB" => 20,
        "GiB" => 30,
        _ => return None,
    };
    number.checked_mul(1 << shift)
}

/// How a duration is written in messages: the largest unit that divides it.
pub(super) fn written(duration: Duration) -> String {
    let ms = duration.as_millis();
    let unit = [(86_400_000, "d"), (3_600_000, "h"), (60_000, "m"), (1_000, "s")]
        .into_iter()
        .find(|(size, _)| ms > 0 && ms.is_multiple_of(*size));
    unit.map_or_else(|| format!("{ms}ms"), |(size, name)| format!("{}{name}", ms / size))
}

fn number(text: &str) -> Option<(u64, &str)> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (digits, rest) = text.split_at_checked(end)?;
    Some((digits.parse().ok()?, rest))
}

#[cfg(test)]
mod tests {
    use super::*;
    use nuncio_core::duration::parse_duration;
    use proptest::prelude::*;

    #[test]
    fn sizes_are_read_as_written() {
        assert_eq!(bytes("64 MiB"), Some(64 << 20));
        assert_eq!([bytes("64 MB"), bytes("99999999999 GiB"), bytes("x")], [None; 3]);
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(ms in 0..10_000_000_000_u64) {
            let one = Duration::from_millis(ms);
            prop_assert_eq!(parse_duration(&written(one)), Ok(one));
        }

        #[test]
        fn any_text_is_refused_or_read(text in "\\PC*") {
            let _: Option<u64> = bytes(&text);
        }
    }
}
