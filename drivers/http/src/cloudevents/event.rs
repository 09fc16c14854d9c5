//! The attributes of an event, from a notice.

use std::{borrow::Cow, collections::BTreeMap};

use nuncio_plugin_sdk::{Kind, Meta, Notice};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

/// What a message calls an attribute for itself: `ce-type`, `ce-subject`, or any extension.
const PREFIX: &str = "ce-";
/// The attributes of the specification, the names that its JSON format uses, and the header in which a notification asks
/// for its rendering. No extension has one of them.
const RESERVED: [&str; 11] = [
    "data",
    "data_base64",
    "datacontenttype",
    "dataschema",
    "id",
    "source",
    "specversion",
    "subject",
    "template",
    "time",
    "type",
];
/// An extension's name is no longer (section "Naming conventions"), in bytes.
const NAME: std::ops::RangeInclusive<usize> = 1..=20;
/// What stands as it is in a segment of a path (RFC 3986, section 2.3).
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// An event: its attributes in the order in which they are written, and its data.
pub(crate) struct Event<'a> {
    /// All but `datacontenttype`, each valid: not empty where the specification says so, without control characters.
    pub(crate) attributes: Vec<(Cow<'a, str>, Cow<'a, str>)>,
    /// The media type of `data`, empty where it is not known.
    pub(crate) content_type: &'a str,
    pub(crate) data: &'a [u8],
}

impl<'a> Event<'a> {
    /// The event of `notice`, with `data` of the type `content_type`.
    ///
    /// `id` is the message's, the same for all its subscribers; together with `source`, the queue, it is unique.
    pub(crate) fn of(notice: &Notice<'a>, content_type: &'a str, data: &'a [u8]) -> Self {
        let meta = &notice.meta;
        let id = if meta.message.is_empty() { notice.id } else { meta.message };
        let own = |name| own(meta.headers, name);
        let mut attributes: Vec<(Cow<'a, str>, Cow<'a, str>)> = vec![
            ("specversion".into(), "1.0".into()),
            ("id".into(), id.into()),
            (
                "source".into(),
                own("source").filter(|text| is_reference(text)).unwrap_or_else(|| source(meta)),
            ),
            ("type".into(), own("type").unwrap_or_else(|| kind(meta.kind).into())),
        ];
        attributes.extend(own("subject").map(|text| ("subject".into(), text)));
        attributes.extend(time(notice.created_ms).map(|text| ("time".into(), text.into())));
        let schema = own("dataschema").filter(|text| is_reference(text));
        attributes.extend(schema.map(|text| ("dataschema".into(), text)));
        attributes.extend(extensions(meta.headers));
        Self { attributes, content_type, data }
    }
}

/// What the message itself says of the attribute `name`.
fn own<'a>(headers: &'a BTreeMap<String, String>, name: &str) -> Option<Cow<'a, str>> {
    let wanted = |key: &str| unprefixed(key).is_some_and(|rest| rest.eq_ignore_ascii_case(name));
    let (_, text) = headers.iter().find(|(key, text)| wanted(key) && !text.is_empty())?;
    Some(printable(text))
}

/// The message's other attributes, where their names are those of extensions; `ce-` in front of one is left out.
fn extensions<'a>(
    headers: &'a BTreeMap<String, String>,
) -> impl Iterator<Item = (Cow<'a, str>, Cow<'a, str>)> {
    let named =
        headers.iter().map(|(key, text)| (unprefixed(key), key, text)).filter_map(|(prefixed, key, text)| {
            let name = match prefixed {
                Some(name) => Cow::Owned(name.to_ascii_lowercase()),
                // Two attributes must not become one.
                None if headers.keys().any(|other| unprefixed(other) == Some(key)) => return None,
                None => Cow::Borrowed(key.as_str()),
            };
            let letters = name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
            let valid = letters && NAME.contains(&name.len()) && !RESERVED.contains(&&*name);
            valid.then(|| (name, printable(text)))
        });
    // By name, since names that differ in case alone are one.
    named.collect::<BTreeMap<_, _>>().into_iter()
}

fn unprefixed(name: &str) -> Option<&str> {
    let (prefix, rest) = name.split_at_checked(PREFIX.len())?;
    prefix.eq_ignore_ascii_case(PREFIX).then_some(rest)
}

/// Control characters may not stand in an attribute (section "Type System"); they become spaces.
fn printable(text: &str) -> Cow<'_, str> {
    if text.contains(char::is_control) { text.replace(char::is_control, " ").into() } else { text.into() }
}

/// Whether `text` has only characters that a URI reference may have (RFC 3986, section 2).
fn is_reference(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_graphic() && !b"\"<>\\^`{|}".contains(&byte))
}

fn source<'a>(meta: &Meta<'a>) -> Cow<'a, str> {
    let segment = |text| utf8_percent_encode(text, SEGMENT);
    match (meta.project, meta.queue) {
        ("", _) => "/".into(),
        (project, "") => format!("/projects/{}", segment(project)).into(),
        (project, queue) => format!("/projects/{}/queues/{}", segment(project), segment(queue)).into(),
    }
}

fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Confirmation => "io.nuncio.confirmation",
        Kind::Unsubscribe => "io.nuncio.unsubscribe",
        Kind::Digest => "io.nuncio.digest",
        Kind::Test => "io.nuncio.test",
        Kind::Event => "io.nuncio.event",
        _ => "io.nuncio.message",
    }
}

/// RFC 3339, to the millisecond; nothing for a time that has no such form.
fn time(ms: i64) -> Option<String> {
    OffsetDateTime::from_unix_timestamp_nanos(i128::from(ms) * 1_000_000).ok()?.format(&Rfc3339).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn headers(of: &[(&str, &str)]) -> BTreeMap<String, String> {
        of.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect()
    }

    fn shown(attributes: impl IntoIterator<Item = (Cow<'static, str>, Cow<'static, str>)>) -> String {
        attributes.into_iter().map(|(name, text)| format!("{name}={text};")).collect()
    }

    #[test]
    fn extensions_have_valid_names_and_none_hides_another() {
        let of = headers(&[
            ("ce-type", "t"),
            ("ce-tenant", "blue"),
            ("tenant", "red"),
            ("CE-Region", "eu\n1"),
            ("priority", "1"),
            ("id", "mine"),
            ("Upper", "x"),
            ("a_name", "x"),
            ("anamethatismuchtoolong", "x"),
        ]);
        let of: &'static _ = Box::leak(Box::new(of));
        assert_eq!(shown(extensions(of)), "priority=1;region=eu 1;tenant=blue;");
        assert_eq!(own(of, "type").as_deref(), Some("t"));
    }

    #[test]
    fn the_source_is_a_uri_reference_whatever_the_names_are() {
        let mut meta = Meta::EMPTY;
        assert_eq!(source(&meta), "/");
        meta.project = "a b/c";
        assert_eq!(source(&meta), "/projects/a%20b%2Fc");
        meta.queue = "Ä";
        assert_eq!(source(&meta), "/projects/a%20b%2Fc/queues/%C3%84");
        assert!(is_reference(&source(&meta)) && !is_reference("a b") && !is_reference("ä"));
    }

    #[test]
    fn the_time_is_the_message_s() {
        assert_eq!(time(1_522_900_584_000).as_deref(), Some("2018-04-05T03:56:24Z"));
        assert_eq!(time(1_522_900_584_120).as_deref(), Some("2018-04-05T03:56:24.12Z"));
        assert_eq!(time(i64::MAX), None);
    }

    proptest! {
        #[test]
        fn every_name_and_value_is_one_that_the_specification_allows(
            all in proptest::collection::btree_map("(ce-|CE-)?[ -~ä\n]{0,24}", ".*", 0..6),
        ) {
            for (name, text) in extensions(&all) {
                prop_assert!(NAME.contains(&name.len()) && !RESERVED.contains(&&*name), "{name}");
                prop_assert!(name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit()));
                prop_assert!(!text.chars().any(char::is_control));
            }
        }
    }
}
