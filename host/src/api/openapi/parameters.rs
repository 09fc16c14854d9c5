//! Parameters of operations: <https://spec.openapis.org/oas/v3.1.1.html#parameter-object>.

use serde_json::{Value, json};

use super::operation::Asks;

/// A parameter of the query.
pub(super) fn query(name: &str, meaning: &str, schema: Value) -> Value {
    json!({"name": name, "in": "query", "description": meaning, "schema": schema})
}

/// A yes or no of the query.
pub(super) fn flag(name: &str, meaning: &str) -> Value {
    query(name, meaning, json!({"type": "boolean", "default": false}))
}

/// Comma-separated ids in the query.
pub(super) fn ids(name: &str, meaning: &str, most: u32) -> Value {
    let schema = json!({"type": "array", "items": {"type": "string"}, "minItems": 1, "maxItems": most});
    json!({"name": name, "in": "query", "description": meaning, "schema": schema, "style": "form", "explode": false})
}

/// `limit` and `marker` of a listing.
pub(super) fn page(most: u32, default: u32) -> [Value; 2] {
    let limit = json!({"type": "integer", "minimum": 1, "maximum": most, "default": default.min(most)});
    [
        query("limit", "The most entries of the page.", limit),
        query(
            "marker",
            "Where the page begins: from the `next` link of the page before.",
            json!({"type": "string"}),
        ),
    ]
}

/// `Idempotency-Key`.
pub(super) fn idempotency_key() -> Value {
    let schema = json!({"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"});
    let meaning = "The same key with the same body gives the first answer again and does nothing.";
    json!({"name": "Idempotency-Key", "in": "header", "description": meaning, "schema": schema})
}

/// Those of who asks.
pub(super) fn of_caller(asks: Asks) -> Vec<Value> {
    let named = |name: &str| json!({"$ref": format!("#/components/parameters/{name}")});
    match asks {
        Asks::Client => vec![named("Client-ID"), named("X-Project-ID")],
        Asks::Project => vec![named("X-Project-ID")],
        Asks::Nothing => Vec::new(),
    }
}

/// Those of a path.
pub(super) fn of_path(path: &str) -> impl Iterator<Item = Value> {
    path.split('{').skip(1).filter_map(|part| part.split_once('}')).map(|(name, _)| {
        let schema = match name {
            "queue" | "topic" => json!({"type": "string", "pattern": "^[a-zA-Z0-9_.-]+$", "maxLength": 64}),
            _ => json!({"type": "string"}),
        };
        json!({"name": name, "in": "path", "required": true, "schema": schema})
    })
}

/// The parameters that operations share.
pub(super) fn shared() -> Value {
    json!({
        "Client-ID": {
            "name": "Client-ID", "in": "header", "required": true,
            "description": "Who asks: a UUID of the client's choice. Its own messages are left out of listings.",
            "schema": {"type": "string", "format": "uuid"},
        },
        "X-Project-ID": {
            "name": "X-Project-ID", "in": "header", "required": true,
            "description": "The project. With authentication it must be the project of the token.",
            "schema": {"type": "string", "minLength": 1, "maxLength": 256, "pattern": "^[!-~]+$"},
        },
    })
}
