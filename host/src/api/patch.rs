//! RFC 6902, as far as Zaqar goes: add, replace and remove of `/metadata/<key>`.

use serde_json::{Map, Value};

use crate::catalog::{CatalogError, is_reserved};

/// One operation on one key of the metadata.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Operation {
    /// Sets it, there or not.
    Add(String, Value),
    /// Sets it if it is there.
    Replace(String, Value),
    /// Removes it; a reserved key falls back to its default.
    Remove(String),
}

/// Reads a patch document; the error says what is wrong with which operation.
pub(super) fn parse(document: &Value) -> Result<Vec<Operation>, String> {
    let list = document.as_array().ok_or("A patch document is an array of operations.")?;
    let one = |(index, value)| operation(value).map_err(|why| format!("Operation {index}: {why}."));
    list.iter().enumerate().map(one).collect()
}

/// Carries `operations` out, in order.
pub(super) fn apply(operations: &[Operation], metadata: &mut Map<String, Value>) -> Result<(), CatalogError> {
    for operation in operations {
        match operation {
            Operation::Add(key, value) => {
                metadata.insert(key.clone(), value.clone());
            }
            Operation::Replace(key, value) => {
                there("replace", key, metadata)?;
                metadata.insert(key.clone(), value.clone());
            }
            Operation::Remove(key) => {
                there("remove", key, metadata)?;
                metadata.remove(key);
            }
        }
    }
    Ok(())
}

fn there(verb: &str, key: &str, metadata: &Map<String, Value>) -> Result<(), CatalogError> {
    if metadata.contains_key(key) || is_reserved(key) {
        return Ok(());
    }
    Err(CatalogError::Conflict(format!("Can't {verb} non-existent object {key}.")))
}

fn operation(value: &Value) -> Result<Operation, String> {
    let members = value.as_object().ok_or("it must be a JSON object")?;
    let text = |name: &str| members.get(name).and_then(Value::as_str);
    let op = text("op").ok_or("`op` is missing: it is add, replace or remove")?;
    let key = key(text("path").ok_or("`path` is missing")?)?;
    let new = || members.get("value").cloned().ok_or_else(|| format!("`{op}` needs a `value`"));
    match op {
        "add" => Ok(Operation::Add(key, new()?)),
        "replace" => Ok(Operation::Replace(key, new()?)),
        "remove" => Ok(Operation::Remove(key)),
        _ => Err(format!("`op` is {op}, and may be add, replace or remove")),
    }
}

/// RFC 6901: the key in `/metadata/<key>`, unescaped.
fn key(path: &str) -> Result<String, String> {
    let wrong = || format!("`path` is {path}, and must be /metadata/ and one key");
    let escaped = path.strip_prefix("/metadata/").ok_or_else(wrong)?;
    if escaped.is_empty() || escaped.contains('/') {
        return Err(wrong());
    }
    let sound = escaped.split('~').skip(1).all(|rest| rest.starts_with(['0', '1']));
    if !sound {
        return Err(format!("`path` is {path}, where ~ must be followed by 0 or 1"));
    }
    Ok(escaped.replace("~1", "/").replace("~0", "~"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn patched(metadata: Value, document: Value) -> Result<Value, String> {
        let Value::Object(mut metadata) = metadata else { panic!("metadata is an object") };
        apply(&parse(&document)?, &mut metadata).map_err(|error| error.to_string())?;
        Ok(Value::Object(metadata))
    }

    #[test]
    fn operations_are_carried_out_in_order() {
        let document = json!([
            {"op": "add", "path": "/metadata/b", "value": [1]},
            {"op": "replace", "path": "/metadata/b", "value": 2},
            {"op": "remove", "path": "/metadata/a"},
            {"op": "add", "path": "/metadata/x~1y~0z", "value": 3},
            {"op": "remove", "path": "/metadata/_default_message_ttl"},
        ]);
        assert_eq!(
            patched(json!({"a": 1, "_default_message_ttl": 70}), document),
            Ok(json!({"b": 2, "x/y~z": 3}))
        );
    }

    #[test]
    fn what_is_not_there_is_neither_replaced_nor_removed() {
        for op in ["replace", "remove"] {
            let document = json!([{"op": op, "path": "/metadata/zz", "value": 1}]);
            assert_eq!(patched(json!({}), document), Err(format!("Can't {op} non-existent object zz.")));
        }
    }

    #[test]
    fn bad_operations_are_named_by_their_number() {
        for bad in [
            json!({"op": "test", "path": "/metadata/a"}),
            json!({"path": "/metadata/a"}),
            json!({"op": "add", "path": "/foo/a", "value": 1}),
            json!({"op": "add", "path": "/metadata", "value": 1}),
            json!({"op": "add", "path": "/metadata/", "value": 1}),
            json!({"op": "add", "path": "/metadata/a/b", "value": 1}),
            json!({"op": "add", "path": "/metadata/a"}),
            json!({"op": "remove", "path": "/foo/a"}),
            json!({"op": "add", "path": "metadata/a", "value": 1}),
            json!({"op": "add", "path": "/metadata/a~2", "value": 1}),
            json!({"op": "add", "path": "/metadata/a~", "value": 1}),
            json!(1),
        ] {
            let error = patched(json!({}), json!([{"op": "add", "path": "/metadata/ok", "value": 1}, bad]));
            assert!(error.as_ref().is_err_and(|text| text.starts_with("Operation 1: ")), "{error:?}");
        }
        assert!(parse(&json!({})).is_err());
    }

    proptest! {
        #[test]
        fn any_key_comes_back_from_its_pointer(name in "\\PC{1,20}") {
            let escaped = name.replace('~', "~0").replace('/', "~1");
            prop_assert_eq!(key(&format!("/metadata/{escaped}")), Ok(name));
        }

        #[test]
        fn any_path_is_read_or_refused(path in "(/metadata/)?\\PC{0,20}", op in "add|remove|replace|\\PC{0,5}") {
            drop(patched(json!({}), json!([{"op": op, "path": path, "value": 1}])));
        }
    }
}
