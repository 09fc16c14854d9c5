//! Transliteration: typographic characters in the words of GSM 03.38, so that one of them does not cost a whole text its
//! 7-bit alphabet.

use super::gsm;

/// Typographic characters, and what stands for them.
const INSTEAD: &[(char, &str)] = &[
    ('\u{2018}', "'"),
    ('\u{2019}', "'"),
    ('\u{201A}', "'"),
    ('\u{2032}', "'"),
    ('`', "'"),
    ('\u{00B4}', "'"),
    ('\u{201C}', "\""),
    ('\u{201D}', "\""),
    ('\u{201E}', "\""),
    ('\u{00AB}', "\""),
    ('\u{00BB}', "\""),
    ('\u{2033}', "\""),
    ('\u{2010}', "-"),
    ('\u{2011}', "-"),
    ('\u{2012}', "-"),
    ('\u{2013}', "-"),
    ('\u{2014}', "-"),
    ('\u{2212}', "-"),
    ('\u{2026}', "..."),
    ('\u{2022}', "*"),
    ('\u{00B7}', "."),
    ('\u{00A0}', " "),
    ('\u{2002}', " "),
    ('\u{2003}', " "),
    ('\u{2009}', " "),
    ('\u{202F}', " "),
    ('\t', " "),
    ('\u{200B}', ""),
    ('\u{FEFF}', ""),
    ('\u{00E7}', "\u{00C7}"),
];

/// `text` with its typographic characters written plainly. Letters of other scripts and emoji stay.
pub(super) fn transliterated(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for c in text.chars() {
        match INSTEAD.iter().find(|(one, _)| *one == c) {
            Some((_, instead)) if gsm::septets(c).is_none() => plain.push_str(instead),
            _ => plain.push(c),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn typographic_characters_are_written_plainly() {
        assert_eq!(
            transliterated("\u{201C}It\u{2019}s\u{201D} \u{2013} done\u{2026}\u{A0}Привет 😀"),
            "\"It's\" - done... Привет 😀"
        );
    }

    #[test]
    fn each_replacement_is_of_the_alphabet_and_of_what_it_has_not() {
        for (c, instead) in INSTEAD {
            assert!(gsm::septets(*c).is_none(), "{c:?}");
            assert!(gsm::encode(instead).is_some(), "{instead:?}");
        }
    }
}
