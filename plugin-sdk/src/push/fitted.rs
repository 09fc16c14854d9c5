//! A text cut so that what it is put into has a size.

use std::borrow::Cow;

/// What stands at the end of a text that was cut.
pub const ELLIPSIS: char = '…';

/// The longest beginning of `text` whose payload has at most `limit` bytes: all of it, or a part with [`ELLIPSIS`].
/// Nothing where a payload with the ellipsis alone is larger.
///
/// `size` is the payload's bytes (or whatever `limit` counts) for a text; a longer text must not make it smaller. It is
/// asked as often as the text's length has bits. A cut is between characters, and neither within an emoji nor between a
/// letter and its accents.
pub fn fitted<'a>(text: &'a str, size: impl Fn(&str) -> usize, limit: usize) -> Option<Cow<'a, str>> {
    if size(text) <= limit {
        return Some(Cow::Borrowed(text));
    }
    let cuts = cuts(text);
    let shorter = |position: usize| {
        let beginning = cuts.get(position).and_then(|end| text.get(..*end)).unwrap_or_default();
        format!("{}{ELLIPSIS}", beginning.trim_end())
    };
    let (mut fits, mut too_long) = (None, cuts.len());
    while fits.map_or(0, |position| position + 1) < too_long {
        let least = fits.map_or(0, |position| position + 1);
        let middle = least + (too_long - least) / 2;
        if size(&shorter(middle)) <= limit {
            fits = Some(middle);
        } else {
            too_long = middle;
        }
    }
    fits.map(|position| Cow::Owned(shorter(position)))
}

/// Where `text` may be cut, in bytes from its beginning, which is the first.
fn cuts(text: &str) -> Vec<usize> {
    let mut cuts = Vec::new();
    let mut before = None;
    let mut flags = 0;
    for (position, c) in text.char_indices() {
        if !before.is_some_and(|before| together(before, c, flags)) {
            cuts.push(position);
        }
        flags = if is_flag_half(c) { flags + 1 } else { 0 };
        before = Some(c);
    }
    cuts
}

/// Whether a person sees `before` and `after` as one character. Of Unicode's rules (UAX 29) those that messages meet:
/// accents, emoji with their variants, joins and skins, flags. What they leave out is cut between code points.
fn together(before: char, after: char, flags: usize) -> bool {
    let joins = |c: char| {
        matches!(c,
            '\u{200d}' | '\u{20e3}' // joiner, keycap
            | '\u{300}'..='\u{36f}' | '\u{1ab0}'..='\u{1aff}' | '\u{1dc0}'..='\u{1dff}' | '\u{20d0}'..='\u{20ff}'
            | '\u{fe20}'..='\u{fe2f}' // combining marks
            | '\u{fe00}'..='\u{fe0f}' | '\u{e0020}'..='\u{e007f}' | '\u{e0100}'..='\u{e01ef}' // variants, tags
            | '\u{1f3fb}'..='\u{1f3ff}' // skins
            | '\u{900}'..='\u{903}' | '\u{93a}'..='\u{94f}' // signs of Devanagari
            | '\u{e31}' | '\u{e34}'..='\u{e3a}' | '\u{e47}'..='\u{e4e}' // signs of Thai
            | '\u{591}'..='\u{5bd}' | '\u{64b}'..='\u{65f}') // points of Hebrew and Arabic
    };
    joins(after)
        || before == '\u{200d}'
        || (before == '\r' && after == '\n')
        || (is_flag_half(before) && is_flag_half(after) && flags % 2 == 1)
}

const fn is_flag_half(c: char) -> bool {
    matches!(c, '\u{1f1e6}'..='\u{1f1ff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(text: &str, limit: usize) -> Option<String> {
        fitted(text, str::len, limit).map(Cow::into_owned)
    }

    #[test]
    fn what_fits_is_not_copied() {
        assert!(matches!(fitted("hello", str::len, 5), Some(Cow::Borrowed("hello"))));
        assert!(matches!(fitted("", str::len, 0), Some(Cow::Borrowed(""))));
    }

    #[test]
    fn a_cut_keeps_as_much_as_it_can() {
        assert_eq!(cut("hello world", 10).unwrap(), "hello w…");
        assert_eq!(cut("hello world", 9).unwrap(), "hello…");
        assert_eq!(cut("hello", 3).unwrap(), "…");
        assert_eq!(cut("hello", 2), None);
    }

    #[test]
    fn what_a_person_sees_as_one_character_stays_whole() {
        for one in [
            "é",
            "e\u{301}",
            "👍🏽",
            "👩‍👩‍👧",
            "🇩🇪",
            "❤\u{fe0f}",
            "1\u{fe0f}\u{20e3}",
            "कि",
            "ที่",
            "🏴\u{e0067}\u{e007f}",
        ] {
            let text = format!("a{one}{one}b");
            for limit in 3..text.len() {
                let cut = cut(&text, limit).unwrap();
                let rest = cut.trim_end_matches(ELLIPSIS).trim_start_matches('a');
                assert!(rest.is_empty() || rest == one || rest == one.repeat(2), "{one}: {cut:?}");
            }
        }
    }
}
