//! JSON Schema, as far as the kit reads it: properties, their types and what is said of them.

use serde_json::{Value, json};

/// How deep references and alternatives are followed.
const DEPTH: u8 = 8;

/// The properties at the top of `schema`, by name.
pub(super) fn properties(schema: &Value) -> impl Iterator<Item = (&String, &Value)> {
    schema.get("properties").and_then(Value::as_object).into_iter().flatten()
}

/// Whether `pointer` (`/proxy/password`, `/accounts/*/password`) leads to a property of `schema`.
pub(super) fn leads<'a>(schema: &'a Value, pointer: &str) -> bool {
    let Some(path) = pointer.strip_prefix('/') else { return false };
    let mut here = vec![schema];
    for name in path.split('/') {
        let name = name.replace("~1", "/").replace("~0", "~");
        let all: Vec<_> = here.iter().flat_map(|one| alternatives(schema, one, DEPTH)).collect();
        let next = |one: &&'a Value| {
            if name == "*" { one.get("additionalProperties") } else { one.get("properties")?.get(&name) }
        };
        here = all.iter().filter_map(next).collect();
    }
    !here.is_empty()
}

/// Whether something is said of `property`, here or where it refers to.
pub(super) fn is_described(schema: &Value, property: &Value) -> bool {
    let said = |one: &Value| {
        one.get("description").and_then(Value::as_str).is_some_and(|text| !text.trim().is_empty())
    };
    alternatives(schema, property, DEPTH).into_iter().any(said)
}

/// A value that `property` has no room for, or nothing when it takes every type.
pub(super) fn wrong_value(schema: &Value, property: &Value) -> Option<Value> {
    let types = types(schema, property)?;
    let candidates = [
        (json!(true), "boolean"),
        (json!([["kit"]]), "array"),
        (json!({"kit": [7]}), "object"),
        (json!(7.5), "number"),
        (json!("kit"), "string"),
    ];
    candidates.into_iter().find(|(_, kind)| !types.contains(*kind)).map(|(value, _)| value)
}

/// The JSON types that `property` may have, `None` when its schema does not say.
fn types(schema: &Value, property: &Value) -> Option<String> {
    let mut types = String::new();
    for one in alternatives(schema, property, DEPTH) {
        match (one.get("type"), one.get("enum").and_then(Value::as_array), one.get("const")) {
            (Some(kind), _, _) => types.push_str(&kind.to_string()),
            (None, Some(values), _) => values.iter().for_each(|value| types.push_str(kind_of(value))),
            (None, None, Some(value)) => types.push_str(kind_of(value)),
            (None, None, None) if leads_on(one) => {}
            _ => return None,
        }
    }
    Some(types)
}

fn leads_on(schema: &Value) -> bool {
    ["$ref", "anyOf", "oneOf", "allOf"].iter().any(|key| schema.get(key).is_some())
}

fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

/// `schema` with what it refers to and its alternatives.
fn alternatives<'a>(root: &'a Value, schema: &'a Value, depth: u8) -> Vec<&'a Value> {
    let mut all = vec![schema];
    if depth > 0 {
        let reference = schema.get("$ref").and_then(Value::as_str).and_then(|text| text.strip_prefix('#'));
        let referred = reference.and_then(|pointer| root.pointer(pointer));
        let lists = ["anyOf", "oneOf", "allOf"].map(|key| schema.get(key).and_then(Value::as_array));
        let listed = lists.into_iter().flatten().flatten();
        all.extend(referred.into_iter().chain(listed).flat_map(|one| alternatives(root, one, depth - 1)));
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schema() -> Value {
        json!({
            "properties": {
                "port": {"type": ["integer", "null"], "description": "Where."},
                "tls": {"$ref": "#/$defs/Tls"},
                "proxy": {"anyOf": [{"$ref": "#/$defs/Proxy"}, {"type": "null"}]},
                "any": {},
            },
            "$defs": {
                "Tls": {"description": "Whether.", "oneOf": [{"const": "none"}, {"const": true}]},
                "Proxy": {"type": "object", "properties": {"password": {"type": "string"}}},
            },
        })
    }

    #[test]
    fn a_wrong_value_is_of_no_type_that_is_allowed() {
        let schema = schema();
        let wrong = |name: &str| wrong_value(&schema, &schema["properties"][name]);
        assert_eq!(wrong("port"), Some(json!(true)));
        assert_eq!(wrong("tls"), Some(json!([["kit"]])));
        assert_eq!(wrong("any"), None);
    }

    #[test]
    fn references_and_alternatives_are_followed() {
        let schema = schema();
        assert!(leads(&schema, "/proxy/password") && leads(&schema, "/port"));
        assert!(!leads(&schema, "/proxy/passwort") && !leads(&schema, "port"));
        assert!(is_described(&schema, &schema["properties"]["tls"]));
        assert!(!is_described(&schema, &schema["properties"]["proxy"]));
    }
}
