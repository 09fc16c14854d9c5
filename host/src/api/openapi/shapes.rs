//! JSON schemas of what is asked and answered (draft 2020-12, as OpenAPI 3.1 has them).

use serde_json::{Map, Value, json};

/// A string.
pub(super) fn text() -> Value {
    json!({"type": "string"})
}

/// A list of strings.
pub(super) fn listed() -> Value {
    array(text())
}

/// A list.
pub(super) fn array(items: Value) -> Value {
    json!({"type": "array", "items": items})
}

/// A whole number of at least `least`.
pub(super) fn whole(least: i64) -> Value {
    json!({"type": "integer", "minimum": least})
}

/// A whole number within bounds.
pub(super) fn within(least: i64, most: i64) -> Value {
    json!({"type": "integer", "minimum": least, "maximum": most})
}

/// A time by RFC 3339.
pub(super) fn moment() -> Value {
    json!({"type": "string", "format": "date-time"})
}

/// An object of exactly these members, of which `required` are always there.
pub(super) fn closed(required: &[&str], properties: Value) -> Value {
    json!({"type": "object", "required": required, "properties": properties, "additionalProperties": false})
}

/// An object in which these members are always there, and which may have others.
pub(super) fn open(required: &[&str]) -> Value {
    json!({"type": "object", "required": required})
}

/// A shared schema by its name.
pub(super) fn shared(name: &str) -> Value {
    json!({"$ref": format!("#/components/schemas/{name}")})
}

/// A page: its entries under `name`, and where the next one is.
pub(super) fn page(name: &str, entry: Value) -> Value {
    let mut properties = Map::new();
    properties.insert(name.to_owned(), array(entry));
    properties.insert("links".to_owned(), array(shared("Link")));
    closed(&[name, "links"], Value::Object(properties))
}

/// The schemas that operations share.
pub(super) fn all() -> Value {
    json!({
        "Problem": closed(&["title"], json!({"title": text(), "description": text()})),
        "Link": closed(&["rel", "href"], json!({"rel": {"const": "next"}, "href": text()})),
        "Attributes": {
            "type": "object",
            "description": "What is said of a message beside its body: strings, numbers, booleans, null, or lists of those.",
            "additionalProperties": {
                "type": ["string", "number", "boolean", "null", "array"],
                "items": {"type": ["string", "number", "boolean", "null"]},
            },
        },
    })
}
