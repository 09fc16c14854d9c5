//! The body of a POST of messages: `{"messages": [{"body", "ttl", "delay", "attributes"}]}`.
//!
//! It is read in one pass, since most of what a host takes in is read here.

use std::fmt;

use bytes::Bytes;
use nuncio_core::Attributes;
use serde::{
    Deserialize, Deserializer,
    de::{IgnoredAny, MapAccess, SeqAccess, Visitor},
};
use serde_json::value::RawValue;

use super::{attributes, body, problem::Problem};
use crate::intake::Wanted;

/// The messages of a body; members that we do not know are left out, as in Zaqar.
pub(super) fn wanted(bytes: &Bytes) -> Result<Vec<Wanted>, Problem> {
    let document: Posted<'_> = body::object(bytes)?.ok_or_else(nothing)?;
    all(bytes, document.messages.ok_or_else(nothing)?)
}

/// The messages of a list that stands in `bytes`, where `bytes` is JSON.
pub(crate) fn listed(bytes: &Bytes, list: &RawValue) -> Result<Vec<Wanted>, Problem> {
    let list = serde_json::from_str(list.get()).map_err(|_| nothing())?;
    all(bytes, list)
}

/// The messages of a list that stands in `bytes`; their bodies stay there.
fn all(bytes: &Bytes, list: Of<List<'_>>) -> Result<Vec<Wanted>, Problem> {
    let Of::This(list) = list else {
        return Err(Problem::body("The value of the \"messages\" field must be a list."));
    };
    if list.is_empty() {
        return Err(nothing());
    }
    list.into_iter().enumerate().map(|(index, one)| message(bytes, index, one)).collect()
}

fn nothing() -> Problem {
    Problem::request("No messages were found in the request body.")
}

fn message(bytes: &Bytes, index: usize, one: Of<Letter<'_>>) -> Result<Wanted, Problem> {
    let Of::This(letter) = one else {
        return Err(Problem::body(format!("messages[{index}] must be a JSON object.")));
    };
    let int = |name: &str, value: Option<&RawValue>| {
        let parse = |value: &RawValue| {
            value.get().parse::<i64>().map_err(|_| {
                Problem::body(format!("The value of the \"{name}\" field must be a int (messages[{index}])."))
            })
        };
        value.map(parse).transpose()
    };
    let body =
        letter.body.ok_or_else(|| Problem::body(format!("Missing \"body\" field (messages[{index}]).")))?;
    let attributes = letter.attributes.map_or_else(
        || Ok(Attributes::default()),
        |raw| attributes::read(raw).map_err(|why| Problem::request(format!("messages[{index}].{why}"))),
    )?;
    let body = bytes.slice_ref(body.get().as_bytes());
    Ok(Wanted { body, ttl: int("ttl", letter.ttl)?, delay: int("delay", letter.delay)?, attributes })
}

/// The document. Of equal names the last counts, as in Zaqar; so it is with those of a message.
#[derive(Default)]
struct Posted<'a> {
    messages: Option<Of<List<'a>>>,
}

/// What stands under `messages`.
type List<'a> = Vec<Of<Letter<'a>>>;

/// A message, each of its values as its own text.
#[derive(Default)]
struct Letter<'a> {
    body: Option<&'a RawValue>,
    ttl: Option<&'a RawValue>,
    delay: Option<&'a RawValue>,
    attributes: Option<&'a RawValue>,
}

/// A value that should be a `T`. Another kind of JSON is no error yet: the answer has to name its place.
enum Of<T> {
    This(T),
    Other,
}

/// The names of a document.
#[derive(Deserialize)]
#[serde(field_identifier, rename_all = "lowercase")]
enum Name {
    Messages,
    #[serde(other)]
    Other,
}

/// The names of a message.
#[derive(Deserialize)]
#[serde(field_identifier, rename_all = "lowercase")]
enum Part {
    Body,
    Ttl,
    Delay,
    Attributes,
    #[serde(other)]
    Other,
}

impl<'de: 'a, 'a> Deserialize<'de> for Posted<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Document)
    }
}

struct Document;

impl<'de> Visitor<'de> for Document {
    type Value = Posted<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self::Value, A::Error> {
        let mut document = Posted::default();
        while let Some(name) = members.next_key()? {
            match name {
                Name::Messages => document.messages = Some(members.next_value()?),
                Name::Other => drop(members.next_value::<IgnoredAny>()?),
            }
        }
        Ok(document)
    }
}

/// What a visitor does with kinds of JSON that it does not look for.
macro_rules! other {
    ($($visit:ident: $kind:ty),+) => {
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("any value")
        }

        fn visit_unit<E>(self) -> Result<Self::Value, E> {
            Ok(Of::Other)
        }

        $(fn $visit<E>(self, _: $kind) -> Result<Self::Value, E> {
            Ok(Of::Other)
        })+
    };
}

impl<'de: 'a, 'a> Deserialize<'de> for Of<List<'a>> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Elements)
    }
}

struct Elements;

impl<'de> Visitor<'de> for Elements {
    type Value = Of<List<'de>>;

    other!(visit_bool: bool, visit_i64: i64, visit_u64: u64, visit_f64: f64, visit_str: &str);

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Self::Value, A::Error> {
        let mut list = Vec::new();
        while let Some(one) = elements.next_element()? {
            list.push(one);
        }
        Ok(Of::This(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self::Value, A::Error> {
        while members.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Of::Other)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Of<Letter<'a>> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Parts)
    }
}

struct Parts;

impl<'de> Visitor<'de> for Parts {
    type Value = Of<Letter<'de>>;

    other!(visit_bool: bool, visit_i64: i64, visit_u64: u64, visit_f64: f64, visit_str: &str);

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Self::Value, A::Error> {
        while elements.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Of::Other)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self::Value, A::Error> {
        let mut letter = Letter::default();
        while let Some(part) = members.next_key()? {
            let place = match part {
                Part::Body => &mut letter.body,
                Part::Ttl => &mut letter.ttl,
                Part::Delay => &mut letter.delay,
                Part::Attributes => &mut letter.attributes,
                Part::Other => {
                    members.next_value::<IgnoredAny>()?;
                    continue;
                }
            };
            *place = Some(members.next_value()?);
        }
        Ok(Of::This(letter))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(text: &str) -> Result<Vec<Wanted>, Problem> {
        wanted(&Bytes::from(text.to_owned()))
    }

    #[test]
    fn a_body_keeps_its_own_text() {
        let messages =
            read(r#"{"messages": [{"ttl": 60, "body":  {"z": 1.10, "a": [ ]}, "x": 1}, {"body": null}]}"#);
        let messages = messages.unwrap();
        assert_eq!(messages[0].body, r#"{"z": 1.10, "a": [ ]}"#);
        assert_eq!((messages[0].ttl, messages[0].delay, messages[1].ttl), (Some(60), None, None));
        assert_eq!(messages[1].body, "null");
    }

    #[test]
    fn attributes_are_read_and_a_bad_one_is_named() {
        let messages = read(
            r#"{"messages": [{"body": 1, "attributes": {"n": 1.0, "tags": ["a"]}}, {"body": 1, "attributes": null}]}"#,
        );
        let messages = messages.unwrap();
        assert_eq!(messages[0].attributes.texts()["n"], "1.0");
        assert!(messages[1].attributes.is_empty());
        for (bad, place) in [
            ("1", "messages[1].attributes: must be"),
            (r#"{"a b": 1}"#, "messages[1].attributes.a b: the name"),
            (r#"{"a": [[1]]}"#, "messages[1].attributes.a: must be"),
        ] {
            let text = format!(r#"{{"messages": [{{"body": 1}}, {{"body": 1, "attributes": {bad}}}]}}"#);
            let problem = format!("{:?}", read(&text).unwrap_err());
            assert!(problem.contains(place), "{problem}");
        }
    }

    #[test]
    fn of_equal_names_the_last_counts() {
        let messages =
            read(r#"{"messages": 1, "messages": [{"body": 1, "ttl": "x", "body": 2, "ttl": 60}]}"#);
        let messages = messages.unwrap();
        assert_eq!((messages.len(), &*messages[0].body, messages[0].ttl), (1, &b"2"[..], Some(60)));
    }

    #[test]
    fn errors_have_zaqars_titles() {
        for (bad, title) in [
            ("{}", "Invalid API request"),
            ("[1]", "Invalid API request"),
            (r#"{"messages": []}"#, "Invalid API request"),
            (r#"{"messages": {}}"#, "Invalid request body"),
            (r#"{"messages": null}"#, "Invalid request body"),
            (r#"{"messages": [1]}"#, "Invalid request body"),
            (r#"{"messages": [[{"body": 1}]]}"#, "Invalid request body"),
            (r#"{"messages": [{"body": 1}, "text"]}"#, "Invalid request body"),
            (r#"{"messages": [{"body": 1}, null]} x"#, "Invalid request body"),
            (r#"{"messages": [{"ttl": 60}]}"#, "Invalid request body"),
            (r#"{"messages": [{"body": 1, "ttl": "60"}]}"#, "Invalid request body"),
            (r#"{"messages": [{"body": 1, "ttl": 60.0}]}"#, "Invalid request body"),
            (r#"{"messages": [{"body": 1, "ttl": null}]}"#, "Invalid request body"),
        ] {
            let problem = format!("{:?}", read(bad).unwrap_err());
            assert!(problem.contains(title), "{bad}: {problem}");
        }
    }

    proptest! {
        #[test]
        fn any_kind_of_element_but_an_object_is_named(kind in "true|null|-1|18446744073709551615|1.5|\"x\"|\\[\\]") {
            let problem = format!("{:?}", read(&format!(r#"{{"messages": [{{"body": 1}}, {kind}]}}"#)).unwrap_err());
            prop_assert!(problem.contains("messages[1] must be") || problem.contains("too large"), "{}", problem);
        }

        #[test]
        fn any_document_is_read_or_refused(text in "\\PC{0,60}", ttl in "\\PC{0,6}") {
            drop(read(&text));
            drop(read(&format!(r#"{{"messages": [{{"body": {text}, "ttl": {ttl}}}]}}"#)));
        }

        #[test]
        fn any_string_comes_back(text in ".*") {
            let body = serde_json::Value::from(text.clone()).to_string();
            let messages = read(&format!(r#"{{"messages": [{{"body": {body}}}]}}"#)).unwrap();
            prop_assert_eq!(serde_json::from_slice::<String>(&messages[0].body).unwrap(), text);
        }
    }
}
