//! A message as Zaqar shows it.

use nuncio_core::MessageId;
use serde::Serialize;
use serde_json::{Map, Value, value::RawValue};

use super::{face::Face, times};
use crate::{outlet::checksum, place::Place, storage::Pulled};

/// A message as Zaqar shows it.
#[derive(Serialize)]
pub(super) struct Shown {
    id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    href: Option<String>,
    ttl: i64,
    age: i64,
    body: Box<RawValue>,
    /// Only with `[queues] enable_checksum`.
    #[serde(skip_serializing_if = "Option::is_none")]
    checksum: Option<String>,
    /// Zaqar has no attributes: a message without them looks as it does there.
    #[serde(skip_serializing_if = "Option::is_none")]
    attributes: Option<Map<String, Value>>,
    /// Only what was popped says so.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    popped: Option<Popped>,
}

/// What Zaqar says of a popped message beside what it always says.
#[derive(Serialize)]
struct Popped {
    claim_id: Option<String>,
    claim_count: i64,
}

/// A document of messages. It is no `serde_json::Value`: that would read every body, and write it another way.
#[derive(Serialize)]
pub(super) struct Messages {
    /// The messages.
    pub(super) messages: Vec<Shown>,
    /// Where the next are, if it is a page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) links: Option<Value>,
}

/// Messages with where they are.
pub(super) fn all(face: &Face, place: &Place, messages: Vec<Pulled>) -> Vec<Shown> {
    let now = face.clock.now_ms();
    messages.into_iter().map(|one| shown(face, Some(place), now, one)).collect()
}

/// Messages that are nowhere any more.
pub(super) fn popped(face: &Face, messages: Vec<Pulled>) -> Vec<Shown> {
    let now = face.clock.now_ms();
    let one = |one: Pulled| {
        let claim_id = one.claim.map(|claim| face.ids.claim(claim).to_string());
        let popped = Some(Popped { claim_id, claim_count: one.claims });
        Shown { popped, ..shown(face, None, now, one) }
    };
    messages.into_iter().map(one).collect()
}

fn shown(face: &Face, place: Option<&Place>, now: i64, message: Pulled) -> Shown {
    let claimed = |path: String| match message.claim {
        Some(claim) => format!("{path}?claim_id={}", face.ids.claim(claim)),
        None => path,
    };
    Shown {
        id: face.ids.message(message.id).to_string(),
        href: place.map(|place| claimed(href(face, place, message.id))),
        ttl: message.ttl,
        age: times::age(now, message.created),
        body: json_text(&message.body),
        checksum: if face.config.queues.enable_checksum { checksum(&message.body) } else { None },
        attributes: (!message.attributes.is_empty()).then(|| message.attributes.values().clone()),
        popped: None,
    }
}

/// Where a message is.
pub(super) fn href(face: &Face, place: &Place, id: MessageId) -> String {
    format!("{}/messages/{}", place.path(), face.ids.message(id))
}

/// A JSON body as its own text; anything else as a JSON string.
pub(crate) fn json_text(body: &[u8]) -> Box<RawValue> {
    serde_json::from_slice(body).unwrap_or_else(|_| {
        let text = String::from_utf8_lossy(body);
        serde_json::value::to_raw_value(&text).unwrap_or_else(|_| RawValue::NULL.to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_json_is_shown_as_text() {
        assert_eq!(json_text(b"<xml/>").get(), "\"<xml/>\"");
        assert_eq!(json_text(b"{\"a\":  1.10}").get(), "{\"a\":  1.10}");
    }
}
