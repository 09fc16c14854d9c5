//! The parts of a request as they are written in the settings: text with `{placeholders}`.

use std::collections::BTreeSet;

use nuncio_plugin_sdk::{Refusal, core::closest, serde_json};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// What RFC 3986 section 2.3 calls unreserved stays as it is.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// What a placeholder stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Slot {
    To,
    ToDigits,
    From,
    Text,
    Ref,
    Callback,
    Parts,
    Alphabet,
    Username,
    Password,
    Token,
    Basic,
}

/// Every placeholder by its name.
pub(super) const SLOTS: [(&str, Slot); 12] = [
    ("to", Slot::To),
    ("to_digits", Slot::ToDigits),
    ("from", Slot::From),
    ("text", Slot::Text),
    ("ref", Slot::Ref),
    ("callback", Slot::Callback),
    ("parts", Slot::Parts),
    ("alphabet", Slot::Alphabet),
    ("username", Slot::Username),
    ("password", Slot::Password),
    ("token", Slot::Token),
    ("basic", Slot::Basic),
];

/// How a value is written so that it stays a value where it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Escape {
    /// As it is: headers, plain text.
    None,
    /// Within a URL.
    Url,
    /// Within a form.
    Form,
    /// Within a JSON string.
    Json,
    /// Within XML.
    Xml,
}

impl Escape {
    /// That of a body of the type `content_type`.
    pub(super) fn of(content_type: &str) -> Self {
        let kind = content_type.to_ascii_lowercase();
        match () {
            () if kind.contains("json") => Self::Json,
            () if kind.contains("xml") => Self::Xml,
            () if kind.contains("x-www-form-urlencoded") => Self::Form,
            () => Self::None,
        }
    }

    /// Every one.
    pub(super) const ALL: [Self; 5] = [Self::None, Self::Url, Self::Form, Self::Json, Self::Xml];

    /// `value` as it stands there.
    pub(super) fn written(self, value: &str) -> String {
        let mut out = String::new();
        self.write(value, &mut out);
        out
    }

    fn write(self, value: &str, out: &mut String) {
        match self {
            Self::None => out.push_str(value),
            Self::Url => out.extend(utf8_percent_encode(value, ENCODED)),
            Self::Form => out.extend(url::form_urlencoded::byte_serialize(value.as_bytes())),
            Self::Json => {
                let quoted = serde_json::Value::from(value).to_string();
                out.push_str(
                    quoted.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or_default(),
                );
            }
            Self::Xml => value.chars().for_each(|c| match c {
                '&' => out.push_str("&amp;"),
                '<' => out.push_str("&lt;"),
                '>' => out.push_str("&gt;"),
                '"' => out.push_str("&quot;"),
                '\'' => out.push_str("&apos;"),
                // XML 1.0 section 2.2 has no other control characters.
                c if c.is_control() && !"\t\n\r".contains(c) => {}
                c => out.push(c),
            }),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Text(String),
    Slot(Slot),
}

/// A text with placeholders, read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Template {
    pieces: Vec<Piece>,
    escape: Escape,
}

impl Template {
    /// Reads `text`, which stands at `at`. Only a name of lower-case letters and `_` between braces is a placeholder, so
    /// that the braces of JSON need no escaping.
    ///
    /// # Errors
    /// A placeholder that there is none of, with the nearest one.
    pub(super) fn read(text: &str, at: &str, escape: Escape) -> Result<Self, Refusal> {
        let mut pieces = Vec::new();
        let mut plain = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('{') {
            plain.push_str(before);
            rest = after;
            let named = after.split_once('}').filter(|(name, _)| is_name(name));
            let Some((name, behind)) = named else {
                plain.push('{');
                continue;
            };
            let slot = SLOTS.iter().find(|(one, _)| *one == name).map(|(_, slot)| *slot);
            let slot = slot.ok_or_else(|| unknown(name, at))?;
            pieces.push(Piece::Text(std::mem::take(&mut plain)));
            pieces.push(Piece::Slot(slot));
            rest = behind;
        }
        plain.push_str(rest);
        pieces.push(Piece::Text(plain));
        Ok(Self { pieces, escape })
    }

    /// What stands before the first placeholder.
    pub(super) fn beginning(&self) -> &str {
        match self.pieces.first() {
            Some(Piece::Text(text)) => text,
            _ => "",
        }
    }

    /// The placeholders in it.
    pub(super) fn slots(&self) -> BTreeSet<Slot> {
        self.pieces
            .iter()
            .filter_map(|piece| match piece {
                Piece::Slot(slot) => Some(*slot),
                Piece::Text(_) => None,
            })
            .collect()
    }

    /// The text with what `value` says for each placeholder.
    pub(super) fn filled(&self, value: impl Fn(Slot) -> String) -> String {
        let mut out = String::new();
        for piece in &self.pieces {
            match piece {
                Piece::Text(text) => out.push_str(text),
                Piece::Slot(slot) => self.escape.write(&value(*slot), &mut out),
            }
        }
        out
    }
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')
}

fn unknown(name: &str, at: &str) -> Refusal {
    let refusal = Refusal::new(at, format!("there is no placeholder `{{{name}}}`"));
    match closest(name, SLOTS.iter().map(|(one, _)| *one)) {
        Some(near) => refusal.fix(format!("did you mean `{{{near}}}`?")),
        None => {
            let all: Vec<_> = SLOTS.iter().map(|(one, _)| format!("{{{one}}}")).collect();
            refusal.fix(format!("there are: {}", all.join(", ")))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn filled(template: &str, kind: Escape, value: &str) -> String {
        Template::read(template, "/body", kind).unwrap().filled(|_| value.to_owned())
    }

    #[test]
    fn braces_of_json_are_no_placeholders() {
        let body = r#"{"to": "{to}", "data": {"n": 1}, "text": "{text}"}"#;
        let template = Template::read(body, "/body", Escape::Json).unwrap();
        assert_eq!(template.slots(), BTreeSet::from([Slot::To, Slot::Text]));
        assert_eq!(filled("{{to}} {", Escape::None, "x"), "{x} {");
    }

    #[test]
    fn a_value_stays_a_value_where_it_stands() {
        let value = "a\"b&c<d> é+\n\u{1}";
        assert_eq!(filled("x={text}", Escape::Url, value), "x=a%22b%26c%3Cd%3E%20%C3%A9%2B%0A%01");
        assert_eq!(filled("x={text}", Escape::Form, value), "x=a%22b%26c%3Cd%3E+%C3%A9%2B%0A%01");
        assert_eq!(filled("\"{text}\"", Escape::Json, value), "\"a\\\"b&c<d> é+\\n\\u0001\"");
        assert_eq!(filled("<t>{text}</t>", Escape::Xml, value), "<t>a&quot;b&amp;c&lt;d&gt; é+\n</t>");
        assert_eq!(filled("{text}", Escape::None, value), value);
    }

    #[test]
    fn a_misspelt_placeholder_is_refused_with_the_nearest() {
        let why = |text| Template::read(text, "/url", Escape::Url).unwrap_err().to_string();
        assert_eq!(why("{too}"), "/url: there is no placeholder `{too}`; did you mean `{to}`?");
        assert!(why("{something_else}").contains("{to_digits}"));
    }

    proptest! {
        #[test]
        fn any_template_is_read_or_refused(text in "\\PC{0,60}|[{}a-z_\"]{0,30}", value in "\\PC{0,20}") {
            if let Ok(template) = Template::read(&text, "/body", Escape::None) {
                let names = SLOTS.map(|(name, slot)| (slot, format!("{{{name}}}")));
                let named = |slot| names.iter().find(|(one, _)| *one == slot).unwrap().1.clone();
                prop_assert_eq!(template.filled(named), text);
            }
            let json = filled("\"{text}\"", Escape::Json, &value);
            prop_assert_eq!(serde_json::from_str::<String>(&json).unwrap(), value);
        }
    }
}
