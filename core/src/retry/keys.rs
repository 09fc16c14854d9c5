//! The keys of a policy object: which are known, and which one was meant.

use serde_json::{Map, Value};

use crate::{Refusal, closest};

/// The object in `value`.
pub(super) fn object(value: &Value) -> Result<&Map<String, Value>, Refusal> {
    value.as_object().ok_or_else(|| Refusal::new("", "a retry policy is a JSON object"))
}

/// Refuses the first key that is not among `known`.
pub(super) fn only(map: &Map<String, Value>, known: &[&str]) -> Result<(), Refusal> {
    match map.keys().find(|key| !known.contains(&key.as_str())) {
        None => Ok(()),
        Some(key) => {
            let near = closest(key, known.iter().copied());
            let fix = near
                .map_or_else(|| format!("use {}", known.join(", ")), |one| format!("did you mean `{one}`?"));
            Err(Refusal::new(pointer(key), "no such key").fix(fix))
        }
    }
}

/// The JSON pointer (RFC 6901) to `key`.
pub(super) fn pointer(key: &str) -> String {
    format!("/{}", key.replace('~', "~0").replace('/', "~1"))
}
