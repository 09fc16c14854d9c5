//! Reading bodies: bounded, and JSON as Zaqar allows it (an object or an array, integers of 64 bits).

use std::{collections::BTreeMap, time::Duration};

use axum::body::{Body, HttpBody as _};
use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use memchr::memchr2;
use serde::{Deserialize, de::IgnoredAny};
use serde_json::{Value, value::RawValue};

use super::problem::Problem;
use crate::config::Config;

/// Values nested deeper than this are refused: well below what any JSON reader on the way can bear.
const MAX_DEPTH: usize = 100;
/// How much of a body that is too large is still read, so that the client hears the answer.
const DRAIN_BYTES: usize = 1 << 20;

const UNPARSABLE: &str = "Request body could not be parsed.";
const TOO_LARGE_NUMBER: &str = "JSON contains integer that is too large.";

/// The most bytes of a body, and the configuration key that says so.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limit {
    /// The key.
    pub(crate) name: &'static str,
    /// Bytes.
    pub(crate) bytes: usize,
    /// How long the body may take to arrive (`[http] body_timeout`).
    pub(crate) patience: Duration,
}

impl Limit {
    /// That of a POST.
    pub(crate) fn post(config: &Config) -> Self {
        let bytes = config.queues.max_messages_post_size;
        Self { name: "max_messages_post_size", bytes, patience: config.http.body_timeout }
    }

    /// That of a notification with its attachments.
    pub(super) fn notification(config: &Config) -> Self {
        let bytes = config.queues.max_notification_size;
        Self { name: "max_notification_size", bytes, patience: config.http.body_timeout }
    }

    /// That of a request to a driver.
    pub(super) fn inbound(config: &Config) -> Self {
        let bytes = config.http.max_inbound_body;
        Self { name: "[http] max_inbound_body", bytes, patience: config.http.body_timeout }
    }

    /// That of a queue's metadata.
    pub(super) fn metadata(config: &Config) -> Self {
        let bytes = config.queues.max_queue_metadata;
        Self { name: "max_queue_metadata", bytes, patience: config.http.body_timeout }
    }
}

impl Limit {
    /// Refuses what has more bytes.
    pub(crate) fn check(self, bytes: usize) -> Result<(), Problem> {
        if bytes <= self.bytes {
            return Ok(());
        }
        Err(Problem::request(format!(
            "The request body is too large. Max size {} bytes ({}).",
            self.bytes, self.name
        )))
    }
}

/// The members of an object, each value as its own text.
pub(crate) type Members<'a> = BTreeMap<String, &'a RawValue>;

/// A JSON document whose values keep their own text.
#[derive(Debug)]
pub(super) enum Document<'a> {
    /// An object.
    Object(Members<'a>),
    /// An array, which no route has a use for.
    Array,
}

/// Reads a whole body of at most `limit`.
pub(super) async fn read(body: Body, limit: Limit) -> Result<Bytes, Problem> {
    tokio::time::timeout(limit.patience, collect(body, limit)).await.unwrap_or_else(|_| {
        let ms = limit.patience.as_millis();
        Err(Problem::body(format!("the body did not arrive within {ms} ms ([http] body_timeout)")))
    })
}

async fn collect(mut body: Body, limit: Limit) -> Result<Bytes, Problem> {
    let expected = usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX);
    let (mut kept, mut seen) = (BytesMut::with_capacity(expected.min(limit.bytes)), 0);
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| Problem::body("Request body could not be read."))?;
        let Ok(data) = frame.into_data() else { continue };
        seen += data.len();
        if seen <= limit.bytes {
            kept.extend_from_slice(&data);
        } else if seen > limit.bytes + DRAIN_BYTES {
            break;
        }
    }
    limit.check(seen).map(|()| kept.freeze())
}

/// A JSON object or array.
pub(super) fn value(bytes: &[u8]) -> Result<Value, Problem> {
    let text = sound(bytes)?;
    let value: Value = serde_json::from_str(text).map_err(|error| unparsable(&error))?;
    if value.is_object() || value.is_array() { Ok(value) } else { Err(not_a_document()) }
}

/// A JSON object or array whose values keep their own text. The last of equal names counts, as in Zaqar.
pub(super) fn document(bytes: &[u8]) -> Result<Document<'_>, Problem> {
    Ok(object(bytes)?.map_or(Document::Array, Document::Object))
}

/// A JSON object as a `T`; none of a JSON array.
pub(super) fn object<'a, T: Deserialize<'a>>(bytes: &'a [u8]) -> Result<Option<T>, Problem> {
    let text = sound(bytes)?;
    match text.trim_ascii_start().as_bytes().first() {
        Some(b'{') => serde_json::from_str(text).map(Some).map_err(|error| unparsable(&error)),
        Some(b'[') => {
            let _: IgnoredAny = serde_json::from_str(text).map_err(|error| unparsable(&error))?;
            Ok(None)
        }
        _ => Err(not_a_document()),
    }
}

/// The members of a JSON object.
pub(crate) fn members(bytes: &[u8]) -> Result<Members<'_>, Problem> {
    let wrong = || Problem::body(format!("{UNPARSABLE} It must be a JSON object."));
    object(bytes)?.ok_or_else(wrong)
}

fn unparsable(error: &serde_json::Error) -> Problem {
    Problem::body(format!("{UNPARSABLE} {error}."))
}

fn not_a_document() -> Problem {
    Problem::body(format!("{UNPARSABLE} It must be a JSON object or array."))
}

/// What serde_json does not look at in values that it only passes on: numbers out of range, and depth.
fn sound(bytes: &[u8]) -> Result<&str, Problem> {
    let text = std::str::from_utf8(bytes).map_err(|error| {
        Problem::body(format!("{UNPARSABLE} It is not UTF-8 at byte {}.", error.valid_up_to()))
    })?;
    let (mut at, mut depth) = (0, 0_usize);
    while let Some(byte) = bytes.get(at) {
        at += 1;
        match byte {
            b'"' => at = end_of_string(bytes, at),
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth = depth.saturating_sub(1),
            b'-' | b'0'..=b'9' => {
                let end = end_of_number(bytes, at);
                fits(text.get(at - 1..end).unwrap_or_default())?;
                at = end;
            }
            _ => {}
        }
        if depth > MAX_DEPTH {
            return Err(Problem::body(format!("{UNPARSABLE} It is nested deeper than {MAX_DEPTH} levels.")));
        }
    }
    Ok(text)
}

fn end_of_string(bytes: &[u8], mut at: usize) -> usize {
    while let Some(next) = bytes.get(at..).and_then(|rest| memchr2(b'"', b'\\', rest)) {
        at += next + 1;
        if bytes.get(at - 1) == Some(&b'"') {
            return at;
        }
        // What is escaped ends nothing.
        at += 1;
    }
    bytes.len()
}

fn end_of_number(bytes: &[u8], at: usize) -> usize {
    let rest = bytes.get(at..).unwrap_or_default();
    let more = rest.iter().take_while(|byte| matches!(byte, b'0'..=b'9' | b'.' | b'e' | b'E' | b'+' | b'-'));
    at + more.count()
}

fn fits(number: &str) -> Result<(), Problem> {
    if !number.contains(['.', 'e', 'E']) {
        return number.parse::<i64>().map(drop).map_err(|_| Problem::body(TOO_LARGE_NUMBER));
    }
    match number.parse::<f64>() {
        Ok(float) if float.is_finite() => Ok(()),
        _ => Err(Problem::body(format!("{UNPARSABLE} A number in it is out of range or malformed."))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const LIMIT: Limit =
        Limit { name: "max_messages_post_size", bytes: 10, patience: Duration::from_secs(60) };

    #[tokio::test]
    async fn a_body_of_the_limit_is_read_and_one_more_is_refused() {
        assert_eq!(read(Body::from("0123456789"), LIMIT).await.unwrap(), "0123456789");
        let problem = format!("{:?}", read(Body::from("0123456789a"), LIMIT).await.unwrap_err());
        assert!(problem.contains("max_messages_post_size") && problem.contains("10 bytes"), "{problem}");
    }

    #[test]
    fn integers_have_64_bits() {
        for good in [
            "[9223372036854775807]",
            "[-9223372036854775808]",
            "{\"a\": 1.5e300}",
            "[\"9223372036854775808\"]",
        ] {
            assert!(value(good.as_bytes()).is_ok() && document(good.as_bytes()).is_ok(), "{good}");
        }
        for bad in [
            "[9223372036854775808]",
            "{\"a\": {\"b\": 99999999999999999999999}}",
            "[1e999]",
            "[-9223372036854775809]",
        ] {
            assert!(value(bad.as_bytes()).is_err() && document(bad.as_bytes()).is_err(), "{bad}");
        }
    }

    #[test]
    fn only_objects_and_arrays_are_documents() {
        for bad in ["", " ", "1", "\"text\"", "null", "{", "[1,]", "{} x"] {
            assert!(value(bad.as_bytes()).is_err() && document(bad.as_bytes()).is_err(), "{bad}");
        }
        assert!(value(b"\xff").is_err());
    }

    #[test]
    fn values_keep_their_own_text() {
        let Document::Object(members) = document(br#" {"b": {"z": 1.10, "a":  2}} "#).unwrap() else {
            panic!()
        };
        assert_eq!(members["b"].get(), r#"{"z": 1.10, "a":  2}"#);
    }

    #[test]
    fn depth_is_bounded() {
        let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert!(document(nested(MAX_DEPTH).as_bytes()).is_ok());
        assert!(document(nested(MAX_DEPTH + 1).as_bytes()).is_err());
    }

    proptest! {
        #[test]
        fn any_bytes_are_a_document_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            drop(document(&bytes));
        }

        #[test]
        fn what_is_a_document_is_a_value(text in "[\\[\\]{}\",:\\\\ 0-9eE.a-]{0,40}") {
            if document(text.as_bytes()).is_ok() && !text.contains('\\') {
                prop_assert!(value(text.as_bytes()).is_ok(), "{}", text);
            }
        }
    }
}
