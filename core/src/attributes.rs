//! The attributes of a message: what is said of it beside its body, for filters and receivers.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::Refusal;

/// The longest name, bytes (as in Amazon SNS).
const MAX_NAME: usize = 256;

/// The attributes of a message: names, and JSON strings, numbers, booleans, null, or lists of those.
///
/// Whoever knows only texts sees each as one ([`Attributes::texts`]).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Attributes {
    values: Map<String, Value>,
    texts: BTreeMap<String, String>,
}

impl Attributes {
    /// Takes the attributes that a producer wrote.
    ///
    /// # Errors
    /// Names the attribute and what is wrong: a name with other letters than `[A-Za-z0-9_.-]`, or an object in it.
    pub fn new(values: Map<String, Value>) -> Result<Self, Refusal> {
        for (name, value) in &values {
            let refuse =
                |why: String| Refusal::new(format!("/{}", name.replace('~', "~0").replace('/', "~1")), why);
            check_name(name).map_err(refuse)?;
            if !is_flat(value) {
                return Err(refuse(
                    "must be a string, a number, true, false or null, or a list of those".to_owned(),
                ));
            }
        }
        let texts = values.iter().map(|(name, value)| (name.clone(), text(value))).collect();
        Ok(Self { values, texts })
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// The attributes with their JSON values.
    #[must_use]
    pub fn values(&self) -> &Map<String, Value> {
        &self.values
    }

    /// The attributes as texts: a string as it is, anything else as its JSON.
    #[must_use]
    pub fn texts(&self) -> &BTreeMap<String, String> {
        &self.texts
    }

    /// The text under which they are stored: empty for none.
    #[must_use]
    pub fn stored(&self) -> String {
        // Strings and numbers are always JSON.
        if self.is_empty() { String::new() } else { serde_json::to_string(&self.values).unwrap_or_default() }
    }

    /// Reads what [`Attributes::stored`] wrote.
    ///
    /// # Errors
    /// When it did not.
    pub fn read(text: &str) -> Result<Self, Refusal> {
        if text.is_empty() {
            return Ok(Self::default());
        }
        let values = serde_json::from_str(text).map_err(|error| Refusal::new("", error.to_string()))?;
        Self::new(values)
    }

    /// About how many bytes of memory they take.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.texts.iter().map(|(name, text)| 2 * (name.len() + text.len()) + 96).sum()
    }
}

/// Whether `name` may name an attribute.
pub(crate) fn check_name(name: &str) -> Result<(), String> {
    let known = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-');
    if (1..=MAX_NAME).contains(&name.len()) && name.bytes().all(known) {
        return Ok(());
    }
    Err(format!("the name of an attribute has 1 to {MAX_NAME} letters of A-Z, a-z, 0-9, `_`, `.` and `-`"))
}

fn is_flat(value: &Value) -> bool {
    match value {
        Value::Array(list) => !list.iter().any(|one| one.is_array() || one.is_object()),
        other => !other.is_object(),
    }
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn attributes(value: Value) -> Result<Attributes, Refusal> {
        Attributes::new(value.as_object().cloned().unwrap_or_default())
    }

    #[test]
    fn a_string_is_its_own_text_and_the_rest_is_json() {
        let all =
            attributes(json!({"kind": "order", "n": 5, "ok": true, "no": null, "tags": ["a", 1]})).unwrap();
        let texts: Vec<_> = all.texts().values().map(String::as_str).collect();
        assert_eq!(texts, ["order", "5", "null", "true", r#"["a",1]"#]);
        assert_eq!(all.values()["n"], 5);
    }

    #[test]
    fn they_come_back_from_their_text() {
        let all = attributes(json!({"n": 1.50, "tags": ["a", null]})).unwrap();
        assert_eq!(Attributes::read(&all.stored()), Ok(all));
        assert_eq!(
            (Attributes::default().stored(), Attributes::read("")),
            (String::new(), Ok(Attributes::default()))
        );
        assert!(Attributes::read("[").is_err() && Attributes::read(r#"{"a b": 1}"#).is_err());
    }

    #[test]
    fn a_bad_name_or_value_is_named() {
        for (bad, place) in [
            (json!({"": 1}), "/: the name"),
            (json!({"a b": 1}), "/a b: the name"),
            (json!({":a": 1}), "/:a: the name"),
            (json!({"a": {}}), "/a: must be"),
            (json!({"a": [[1]]}), "/a: must be"),
            (json!({"a": [{}]}), "/a: must be"),
            (json!({"a".repeat(MAX_NAME + 1): 1}), "/aaa"),
        ] {
            let refusal = attributes(bad).unwrap_err().to_string();
            assert!(refusal.starts_with(place), "{refusal}");
        }
        assert!(attributes(json!({"a".repeat(MAX_NAME): [], "x-y_z.1": ""})).is_ok());
    }

    proptest! {
        #[test]
        fn any_name_is_taken_or_refused(name in "\\PC*", number: f64) {
            let taken = attributes(json!({&name: number}));
            prop_assert_eq!(taken.is_ok(), check_name(&name).is_ok());
        }
    }
}
