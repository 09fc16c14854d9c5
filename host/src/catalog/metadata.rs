//! A queue's metadata: any members, and Zaqar's reserved ones, which have types, bounds and defaults.

use nuncio_core::{Refusal, retry::Policy};
use serde_json::{Map, Value, json};

use crate::{
    config::Queues,
    place::{self, Place},
};

/// The shortest life of a message, seconds (Zaqar's `MIN_MESSAGE_TTL`).
const MIN_TTL: i64 = 60;

/// Refuses reserved members of the wrong type or out of bounds, and metadata that is too large.
///
/// # Errors
/// A [`Refusal`] that names the member and what it may be.
pub(super) fn check(metadata: &Map<String, Value>, limits: &Queues) -> Result<(), Refusal> {
    for (key, value) in metadata {
        member(key, value, limits).map_err(|why| Refusal::new(key, why))?;
    }
    if let Some(policy) = metadata.get("_retry_policy").filter(|policy| !policy.is_null()) {
        Policy::zaqar(policy)
            .map_err(|refusal| Refusal { at: format!("_retry_policy{}", refusal.at), ..refusal })?;
    }
    let size = serde_json::to_string(metadata).map_or(usize::MAX, |text| text.len());
    if size > limits.max_queue_metadata {
        let why = format!("{size} bytes, and the most is {} (max_queue_metadata)", limits.max_queue_metadata);
        return Err(Refusal::new("metadata", why));
    }
    Ok(())
}

/// `metadata` with the reserved members that Zaqar always shows; of a topic it shows fewer.
#[must_use]
pub fn with_defaults(place: &Place, metadata: &Map<String, Value>, limits: &Queues) -> Map<String, Value> {
    let mut all = defaults(limits);
    if place.is_topic() {
        all.retain(|key, _| !is_of_pull(key));
    }
    all.extend(metadata.iter().map(|(key, value)| (key.clone(), value.clone())));
    all
}

/// Whether `key` is one of the members that Zaqar always shows: such a one can be replaced and removed though
/// nobody set it.
pub(crate) fn is_reserved(key: &str) -> bool {
    matches!(
        key,
        "_max_messages_post_size"
            | "_default_message_ttl"
            | "_default_message_delay"
            | "_dead_letter_queue"
            | "_dead_letter_queue_messages_ttl"
            | "_max_claim_count"
            | "_enable_encrypt_messages"
    )
}

/// Whether `key` is about claiming: topics have no claims.
fn is_of_pull(key: &str) -> bool {
    matches!(key, "_dead_letter_queue" | "_dead_letter_queue_messages_ttl" | "_max_claim_count")
}

fn defaults(limits: &Queues) -> Map<String, Value> {
    let pairs = [
        ("_max_messages_post_size", json!(limits.max_messages_post_size)),
        ("_default_message_ttl", json!(limits.default_message_ttl)),
        ("_default_message_delay", json!(limits.default_message_delay)),
        ("_dead_letter_queue", Value::Null),
        ("_dead_letter_queue_messages_ttl", Value::Null),
        ("_max_claim_count", Value::Null),
        ("_enable_encrypt_messages", json!(false)),
    ];
    pairs.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
}

fn member(key: &str, value: &Value, limits: &Queues) -> Result<(), String> {
    let largest = i64::try_from(limits.max_messages_post_size).unwrap_or(i64::MAX);
    match key {
        "_default_message_ttl" => within(value, MIN_TTL, limits.max_message_ttl, "max_message_ttl"),
        "_max_messages_post_size" => within(value, 1, largest, "max_messages_post_size"),
        "_default_message_delay" => within(value, 0, limits.max_message_delay, "max_message_delay"),
        "_dead_letter_queue_messages_ttl" if !value.is_null() => {
            within(value, MIN_TTL, limits.max_message_ttl, "max_message_ttl")
        }
        "_max_claim_count" if !value.is_null() && !value.is_i64() => {
            Err("must be an integer or null".to_owned())
        }
        "_dead_letter_queue" if !value.is_null() => match value.as_str().map(place::check) {
            Some(Ok(())) => Ok(()),
            _ => Err("must be the name of a queue or null".to_owned()),
        },
        "_enable_encrypt_messages" => match value {
            Value::Bool(_) => Ok(()),
            _ => Err("must be true or false".to_owned()),
        },
        _ => Ok(()),
    }
}

fn within(value: &Value, least: i64, most: i64, limit: &str) -> Result<(), String> {
    match value.as_i64() {
        Some(number) if (least..=most).contains(&number) => Ok(()),
        _ => Err(format!("must be an integer from {least} to {most} ({limit})")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use proptest::prelude::*;

    fn checked(metadata: Value) -> Result<(), Refusal> {
        check(metadata.as_object().unwrap(), &Config::default().queues)
    }

    #[test]
    fn reserved_members_have_types_and_bounds() {
        for bad in [
            json!({"_default_message_ttl": 59}),
            json!({"_default_message_ttl": "x"}),
            json!({"_max_messages_post_size": 0}),
            json!({"_max_messages_post_size": 262_145}),
            json!({"_default_message_delay": 901}),
            json!({"_max_claim_count": "x"}),
            json!({"_dead_letter_queue_messages_ttl": 59}),
            json!({"_dead_letter_queue": 1}),
            json!({"_dead_letter_queue": "a/b"}),
            json!({"_dead_letter_queue": "~topic"}),
            json!({"_enable_encrypt_messages": "x"}),
            json!({"_retry_policy": 1}),
        ] {
            let refusal = checked(bad.clone()).unwrap_err();
            let key = bad.as_object().unwrap().keys().next().unwrap().clone();
            assert!(refusal.at.starts_with(&key), "{refusal}");
        }
    }

    #[test]
    fn what_is_shown_can_be_put_back() {
        let shown = with_defaults(&Place::queue("q"), &Map::new(), &Config::default().queues);
        assert!(shown.keys().all(|key| is_reserved(key)));
        assert_eq!(checked(Value::Object(shown)), Ok(()));
    }

    #[test]
    fn size_is_bounded() {
        assert!(checked(json!({"x": "y".repeat(65_000)})).is_ok());
        assert_eq!(checked(json!({"x": "y".repeat(65_536)})).unwrap_err().at, "metadata");
    }

    proptest! {
        #[test]
        fn any_number_is_a_ttl_within_bounds_or_refused(ttl: i64) {
            prop_assert_eq!(checked(json!({"_default_message_ttl": ttl})).is_ok(), (60..=1_209_600).contains(&ttl));
        }
    }
}
