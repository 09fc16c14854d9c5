//! Any text as a part of one line.

/// The most bytes of a text that are logged; what is beyond is counted.
pub(crate) const MAX_BYTES: usize = 8 * 1024;

/// Room for the note of what was left out.
const NOTE_BYTES: usize = 40;

/// `text` with its control characters, line and paragraph separators escaped, at most [`MAX_BYTES`] long.
///
/// Whoever posts a message chooses its text: without this he could write lines of the log himself.
pub(crate) fn of(text: &str) -> String {
    let mut line = String::new();
    for (at, char) in text.char_indices() {
        if line.len() >= MAX_BYTES - NOTE_BYTES {
            let left = text.len() - at;
            line.push_str(&format!("... ({left} bytes more)"));
            break;
        }
        if char.is_control() || matches!(char, '\u{2028}' | '\u{2029}') {
            line.extend(char.escape_default());
        } else {
            line.push(char);
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_could_begin_a_line_is_escaped() {
        assert_eq!(of("a\nb\r\tc\u{1b}[0m\u{85}\u{2028}é"), r"a\nb\r\tc\u{1b}[0m\u{85}\u{2028}é");
    }

    #[test]
    fn a_long_text_ends_in_the_count_of_what_is_missing() {
        let line = of(&"x".repeat(10_000));
        assert!(line.len() <= MAX_BYTES && line.ends_with("x... (1848 bytes more)"), "{}", line.len());
        assert_eq!(of(&"x".repeat(8_000)).len(), 8_000);
    }

    proptest! {
        #[test]
        fn it_is_one_line_within_the_limit(text in ".{0,40}", times in 0usize..800) {
            let line = of(&format!("{text}\n").repeat(times));
            prop_assert!(line.len() <= MAX_BYTES);
            prop_assert!(!line.chars().any(char::is_control));
        }
    }
}
