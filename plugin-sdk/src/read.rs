//! Settings and options from JSON: a wrong member is named by its pointer, a secret's value never.

use nuncio_core::{Options, Refusal, pointer};
use serde::de::{Deserialize, Deserializer};
use serde_json::Value;
use serde_path_to_error::{Path, Segment};

/// Reads `source` as a `T`; a pointer in a refusal begins with `prefix`.
pub(crate) fn read<'de, T: Deserialize<'de>>(
    source: impl Deserializer<'de, Error = serde_json::Error>,
    prefix: &str,
    secrets: impl FnOnce() -> Vec<String>,
) -> Result<T, Refusal> {
    serde_path_to_error::deserialize(source).map_err(|error| {
        let at = pointer(error.path());
        let secret = secrets().iter().any(|one| pointer::is_within(one, &at));
        let why = if secret {
            "it is not of the right type (the value is secret)".to_owned()
        } else {
            error.inner().to_string()
        };
        Refusal::new(format!("{prefix}{at}"), why)
    })
}

/// Reads the members of `options` that `T` knows; the host has dealt with the others. Pointers in `secrets`
/// (`/secret`) are those whose values an error must not repeat.
///
/// # Errors
/// The first member that does not fit, as `/options/...`.
pub fn read_options<'de, T: Deserialize<'de>>(options: &'de Options, secrets: &[&str]) -> Result<T, Refusal> {
    read(&options.0, "/options", || secrets.iter().map(|pointer| (*pointer).to_owned()).collect())
}

fn pointer(path: &Path) -> String {
    let parts: String = path
        .iter()
        .map(|segment| match segment {
            Segment::Seq { index } => format!("/{index}"),
            Segment::Map { key } => format!("/{}", key.replace('~', "~0").replace('/', "~1")),
            Segment::Enum { variant } => format!("/{variant}"),
            Segment::Unknown => "/?".to_owned(),
        })
        .collect();
    if parts.is_empty() { "/".to_owned() } else { parts }
}

/// The properties of a schema that are `writeOnly`, as pointers; those of objects within it too. `*` is any key of a map.
pub(crate) fn secrets(schema: &Value) -> Vec<String> {
    let mut found = Vec::new();
    // Deep enough for any settings that a person writes; a schema that refers to itself ends here.
    collect(schema, schema, String::new(), 8, &mut found);
    found.sort();
    found.dedup();
    found
}

fn collect(root: &Value, schema: &Value, at: String, depth: u8, found: &mut Vec<String>) {
    if depth == 0 {
        return;
    }
    if schema.get("writeOnly") == Some(&Value::Bool(true)) {
        found.push(at);
        return;
    }
    let reference =
        schema.get("$ref").and_then(Value::as_str).and_then(|reference| reference.strip_prefix('#'));
    let referred = reference.and_then(|pointer| root.pointer(pointer));
    let any = ["anyOf", "oneOf"].into_iter().filter_map(|of| schema.get(of)?.as_array()).flatten();
    for alternative in referred.into_iter().chain(any) {
        collect(root, alternative, at.clone(), depth - 1, found);
    }
    if let Some(members) = schema.get("additionalProperties") {
        collect(root, members, format!("{at}/*"), depth - 1, found);
    }
    for (name, property) in schema.get("properties").and_then(Value::as_object).into_iter().flatten() {
        collect(root, property, format!("{at}/{name}"), depth - 1, found);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{JsonSchema, Secret};
    use serde_json::json;

    #[derive(serde::Deserialize, JsonSchema)]
    #[allow(dead_code)]
    struct Proxy {
        password: Option<Secret>,
    }

    #[derive(serde::Deserialize, JsonSchema)]
    #[allow(dead_code)]
    struct Settings {
        proxy: Option<Proxy>,
        token: Secret,
    }

    #[derive(serde::Deserialize, JsonSchema)]
    #[serde(tag = "kind")]
    #[allow(dead_code)]
    enum Account {
        First(Proxy),
        Second { key: Secret },
    }

    #[derive(serde::Deserialize, JsonSchema)]
    #[allow(dead_code)]
    struct Accounts {
        accounts: std::collections::BTreeMap<String, Account>,
    }

    #[test]
    fn a_secret_within_an_object_is_found() {
        assert_eq!(secrets(&schemars::schema_for!(Settings).to_value()), ["/proxy/password", "/token"]);
    }

    #[test]
    fn the_secrets_of_accounts_of_several_kinds_are_found() {
        let found = secrets(&schemars::schema_for!(Accounts).to_value());
        assert_eq!(found, ["/accounts/*/key", "/accounts/*/password"]);
    }

    #[test]
    fn an_option_is_named_by_its_pointer() {
        let options: Options =
            serde_json::from_value(json!({"proxy": {"password": 17}, "token": "x", "other": 1})).unwrap();
        let error = read_options::<Settings>(&options, &["/proxy/password"]).err().unwrap();
        assert_eq!(error.at, "/options/proxy/password");
        assert!(!error.to_string().contains("17"), "{error}");
    }
}
