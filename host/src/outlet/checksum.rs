//! The checksum of a message, as Zaqar makes it (`zaqar.storage.utils.get_checksum`): the MD5 of the body as Python writes
//! JSON. It says that a body arrived as it was posted; it is no protection against anybody.

use std::fmt::Write as _;

use md5::{Digest, Md5};

/// `MD5:` and the digest of a body; `None` for the body `null`, and for one that is no JSON.
///
/// Members stay in their order. A name that comes twice is written twice, where Python has forgotten the first.
#[must_use]
pub fn checksum(body: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(body).ok()?.trim_ascii();
    if text == "null" || serde_json::from_str::<serde::de::IgnoredAny>(text).is_err() {
        return None;
    }
    let mut sum = String::from("MD5:");
    for byte in Md5::digest(python(text).as_bytes()) {
        // Writing to a string does not fail.
        write!(sum, "{byte:02x}").ok();
    }
    Some(sum)
}

/// A JSON text as `json.dumps` of Python writes it: ASCII, one space after commas and colons, floats in their shortest form.
fn python(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + text.len() / 8);
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let taken = match first {
            '"' => string(rest, &mut out),
            '-' | '0'..='9' => number(rest, &mut out),
            ',' => mark(", ", &mut out),
            ':' => mark(": ", &mut out),
            one if one.is_ascii_whitespace() => 1,
            one => {
                out.push(one);
                one.len_utf8()
            }
        };
        rest = rest.get(taken..).unwrap_or_default();
    }
    out
}

fn mark(mark: &str, out: &mut String) -> usize {
    out.push_str(mark);
    1
}

/// Writes the string at the beginning of `text`; how many bytes it had.
fn string(text: &str, out: &mut String) -> usize {
    out.push('"');
    let mut chars = text.char_indices().skip(1);
    while let Some((at, one)) = chars.next() {
        match one {
            '"' => {
                out.push('"');
                return at + 1;
            }
            '\\' => match chars.next() {
                Some((at, 'u')) => {
                    let digits = text.get(at + 1..at + 5).unwrap_or_default();
                    unit(u16::from_str_radix(digits, 16).unwrap_or_default(), out);
                    chars.by_ref().take(4).for_each(drop);
                }
                Some((_, short)) => unit(escaped(short), out),
                None => break,
            },
            one => one.encode_utf16(&mut [0; 2]).iter().for_each(|one| unit(*one, out)),
        }
    }
    text.len()
}

/// What a short escape of JSON stands for.
const fn escaped(letter: char) -> u16 {
    match letter {
        'n' => 10,
        'r' => 13,
        't' => 9,
        'b' => 8,
        'f' => 12,
        other => other as u16,
    }
}

/// Writes a UTF-16 unit.
fn unit(unit: u16, out: &mut String) {
    match unit {
        0x22 => out.push_str("\\\""),
        0x5c => out.push_str("\\\\"),
        10 => out.push_str("\\n"),
        13 => out.push_str("\\r"),
        9 => out.push_str("\\t"),
        8 => out.push_str("\\b"),
        12 => out.push_str("\\f"),
        0x20..=0x7e => out.push(char::from(unit as u8)),
        // Writing to a string does not fail.
        other => write!(out, "\\u{other:04x}").unwrap_or_default(),
    }
}

/// Writes the number at the beginning of `text`; how many bytes it had.
fn number(text: &str, out: &mut String) -> usize {
    let end =
        text.find(|c: char| !matches!(c, '0'..='9' | '.' | 'e' | 'E' | '+' | '-')).unwrap_or(text.len());
    let digits = text.get(..end).unwrap_or_default();
    if digits.contains(['.', 'e', 'E']) {
        out.push_str(&float(digits.parse().unwrap_or_default()));
    } else {
        out.push_str(if digits == "-0" { "0" } else { digits });
    }
    end
}

/// A float as Python's `repr` writes it: the fewest digits, with an exponent below -4 and from 16 on.
fn float(value: f64) -> String {
    let written = format!("{value:e}");
    let (digits, exponent) = written.split_once('e').unwrap_or((&written, "0"));
    match exponent.parse::<i32>().unwrap_or_default() {
        -4..=15 => {
            let plain = format!("{value}");
            if plain.contains('.') { plain } else { format!("{plain}.0") }
        }
        exponent => {
            let sign = if exponent < 0 { '-' } else { '+' };
            format!("{digits}e{sign}{:02}", exponent.unsigned_abs())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_body_is_written_as_python_writes_it() {
        for (json, python_writes) in [
            (r#"{ "b":1,"a" : [ ] }"#, r#"{"b": 1, "a": []}"#),
            (r#"[true,null,-0,1.10,1e2,-0.0]"#, "[true, null, 0, 1.1, 100.0, -0.0]"),
            (
                "[1e16,123456789012345680.0,1e-5,0.0001,1.5E300]",
                "[1e+16, 1.2345678901234568e+17, 1e-05, 0.0001, 1.5e+300]",
            ),
            (r#""é😀\u00E9\/\"\\\n\u007f""#, r#""\u00e9\ud83d\ude00\u00e9/\"\\\n\u007f""#),
            (r#""\ud800, : {""#, r#""\ud800, : {""#),
        ] {
            assert_eq!(python(json), python_writes, "{json}");
        }
    }

    #[test]
    fn the_checksum_is_zaqars() {
        // hashlib.md5(json.dumps({"a": [1, "é"]}).encode()).hexdigest()
        assert_eq!(checksum(br#"{"a":[1,"\u00e9"]}"#), checksum("{\"a\": [1, \"é\"]}".as_bytes()));
        assert_eq!(checksum(b"\"hello\"").unwrap(), "MD5:5deaee1c1332199e5b5bc7c5e4f7f0c2");
        assert_eq!((checksum(b" null "), checksum(b"no json")), (None, None));
    }

    proptest! {
        #[test]
        fn any_text_has_a_checksum_or_none(text in "\\PC{0,60}") {
            drop(checksum(text.as_bytes()));
            drop(python(&text));
        }

        #[test]
        fn what_is_written_means_the_same(value in any::<f64>().prop_filter("finite", |one| one.is_finite()), text in "\\PC{0,30}") {
            let json = serde_json::json!({"n": value, "t": text}).to_string();
            let again: serde_json::Value = serde_json::from_str(&python(&json)).unwrap();
            prop_assert_eq!(again["t"].as_str().unwrap(), text);
            prop_assert_eq!(python(&json).contains(": "), true);
        }
    }
}
