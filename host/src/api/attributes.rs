//! `"attributes": {"kind": "order", "n": 5, "tags": ["a", "b"]}` of a message or a notification.

use nuncio_core::Attributes;
use serde_json::{Map, Value, value::RawValue};

/// Reads the attributes of a message; `null` is as good as none. The error begins with their place.
pub(super) fn read(raw: &RawValue) -> Result<Attributes, String> {
    let values: Option<Map<String, Value>> = serde_json::from_str(raw.get())
        .map_err(|_| "attributes: must be an object of names and values".to_owned())?;
    Attributes::new(values.unwrap_or_default())
        .map_err(|refusal| format!("attributes{}: {}", refusal.at.replace('/', "."), refusal.why))
}
