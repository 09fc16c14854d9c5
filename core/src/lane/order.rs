//! Deliveries that must not overtake each other.

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::Refusal;

/// What an ordered subscription does when a delivery is given up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnDead {
    /// It becomes a dead letter, and the next one goes.
    #[default]
    Release,
    /// It is held, and all behind it with it, until it is tried again or cancelled by hand.
    Stop,
}

/// The order of a subscription: of all its deliveries, or of those whose messages have the same key.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Order {
    /// Where the key stands in the body of a message, a JSON pointer (RFC 6901); none for one sequence of all.
    key: Option<String>,
    /// What comes after a delivery that is given up.
    pub on_dead: OnDead,
}

/// The longest pointer, bytes.
const LONGEST: usize = 1_024;

/// The sequence of all messages, and of those that have no key.
const SHARED: i64 = -1;

impl Order {
    /// Reads the option `ordered`: `true`, a JSON pointer to the key, or `{"key": "/pointer", "on_dead": "release"}`,
    /// both of which may be absent; `on_dead` is `release` or `stop`. `false` is no order.
    ///
    /// # Errors
    /// A [`Refusal`] that points into `value`.
    pub fn parse(value: &Value) -> Result<Option<Self>, Refusal> {
        match value {
            Value::Bool(true) => Ok(Some(Self::default())),
            Value::Bool(false) | Value::Null => Ok(None),
            Value::String(_) => Ok(Some(Self { key: Some(pointer("", value)?), ..Self::default() })),
            Value::Object(map) => {
                if let Some(other) = map.keys().find(|key| !matches!(key.as_str(), "key" | "on_dead")) {
                    return Err(Refusal::new(format!("/{other}"), "no such key").fix("use key, on_dead"));
                }
                let key = map.get("key").map(|key| pointer("/key", key)).transpose()?;
                let on_dead = map.get("on_dead").map(on_dead).transpose()?.unwrap_or_default();
                Ok(Some(Self { key, on_dead }))
            }
            _ => Err(Refusal::new("", "must be true, a JSON pointer, or an object")
                .fix("write true for one sequence, or \"/customer/id\" for one of each value there")),
        }
    }

    /// The option as it is written.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let stops = self.on_dead == OnDead::Stop;
        match &self.key {
            None if !stops => json!(true),
            Some(key) if !stops => json!(key),
            None => json!({ "on_dead": "stop" }),
            Some(key) => json!({ "key": key, "on_dead": "stop" }),
        }
    }

    /// Whether the body must be read to tell the sequence.
    #[must_use]
    pub const fn has_key(&self) -> bool {
        self.key.is_some()
    }

    /// The sequence of a message with `body`: a negative number that is the same for the same key. A message whose
    /// body is not JSON, or has nothing at the pointer, is in one sequence with all such.
    #[must_use]
    pub fn sequence(&self, body: &[u8]) -> i64 {
        let Some(key) = &self.key else { return SHARED };
        let Ok(body) = serde_json::from_slice::<Value>(body) else { return SHARED };
        let Some(value) = body.pointer(key) else { return SHARED };
        let digest: [u8; 32] = Sha256::digest(value.to_string()).into();
        let first = digest.iter().take(8).fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
        // Negative: what is not, numbers a POST.
        (first | 1 << 63).cast_signed()
    }
}

fn pointer(at: &str, value: &Value) -> Result<String, Refusal> {
    let refused = |why: &str| Refusal::new(at, why).fix("write one like \"/customer/id\" (RFC 6901)");
    let text = value.as_str().ok_or_else(|| refused("must be a JSON pointer"))?;
    if text.len() > LONGEST {
        return Err(refused("is longer than 1024 bytes"));
    }
    if !text.starts_with('/') {
        return Err(refused("is not a JSON pointer: it begins with a slash"));
    }
    let mut rest = text.split('~');
    rest.next();
    if rest.any(|after| !after.starts_with(['0', '1'])) {
        return Err(refused("is not a JSON pointer: behind a tilde stands 0 or 1"));
    }
    Ok(text.to_owned())
}

fn on_dead(value: &Value) -> Result<OnDead, Refusal> {
    match value.as_str() {
        Some("release") => Ok(OnDead::Release),
        Some("stop") => Ok(OnDead::Stop),
        _ => Err(Refusal::new("/on_dead", "must be `release` or `stop`")),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn order(value: &Value) -> Order {
        Order::parse(value).unwrap().unwrap()
    }

    #[test]
    fn the_same_key_is_the_same_sequence() {
        let by = order(&json!("/customer/id"));
        let of = |id: Value| by.sequence(json!({"customer": {"id": id}, "n": 1}).to_string().as_bytes());
        assert_eq!(of(json!("a")), of(json!("a")));
        assert_ne!(of(json!("a")), of(json!("b")));
        assert_ne!(of(json!(1)), of(json!("1")));
        assert!(of(json!("a")) < SHARED);
    }

    #[test]
    fn what_has_no_key_is_one_sequence() {
        let by = order(&json!({"key": "/id"}));
        for body in ["{}", "text", "[1]", ""] {
            assert_eq!(by.sequence(body.as_bytes()), SHARED, "{body}");
        }
        assert_eq!(order(&json!(true)).sequence(b"{\"id\": 1}"), SHARED);
    }

    #[test]
    fn an_order_is_written_as_it_was_read() {
        for value in [
            json!(true),
            json!("/a/b"),
            json!({"on_dead": "stop"}),
            json!({"key": "/a~1b", "on_dead": "stop"}),
        ] {
            assert_eq!(order(&value).to_json(), value);
        }
        assert_eq!(order(&json!({"key": "/a", "on_dead": "release"})).to_json(), json!("/a"));
        assert_eq!(Order::parse(&json!(false)), Ok(None));
    }

    #[test]
    fn what_is_wrong_is_named_with_its_place() {
        for (value, at) in [
            (json!(1), "must be true"),
            (json!("customer"), "is not a JSON pointer: it begins"),
            (json!("/a~2"), "is not a JSON pointer: behind"),
            (json!("/a~"), "is not a JSON pointer: behind"),
            (json!({"key": 1}), "/key: must be a JSON pointer"),
            (json!({"pointer": "/a"}), "/pointer: no such key"),
            (json!({"on_dead": "ignore"}), "/on_dead: must be `release` or `stop`"),
        ] {
            let refusal = Order::parse(&value).unwrap_err().to_string();
            assert!(refusal.contains(at), "{value}: {refusal}");
        }
    }

    proptest! {
        #[test]
        fn any_pointer_and_body_have_a_sequence(
            pointer in "(/[a-z~01]{0,3}){0,3}|\\PC*", body in "\\PC*|\\{\"[a-z]\":[0-9]{1,2}\\}",
        ) {
            if let Ok(Some(order)) = Order::parse(&json!(pointer)) {
                prop_assert!(order.sequence(body.as_bytes()) < 0);
            }
        }
    }
}
