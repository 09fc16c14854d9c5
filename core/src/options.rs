//! The options of a subscription or a notification: a JSON object.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The options of a subscription or a notification.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Options(pub Map<String, Value>);

impl Options {
    /// Whether nothing is asked.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The value of `key`.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.0.get(key)
    }

    /// The value of `key` if it is a string.
    #[must_use]
    pub fn text(&self, key: &str) -> Option<&str> {
        self.0.get(key).and_then(Value::as_str)
    }

    /// The values of `key`: a string, a list of strings, or Zaqar's object whose values are strings (its keys
    /// where the values are empty). Anything else in there is left out; `check` refuses it at the door.
    #[must_use]
    pub fn texts(&self, key: &str) -> Vec<String> {
        match self.0.get(key) {
            Some(Value::String(one)) => vec![one.clone()],
            Some(Value::Array(list)) => list.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
            Some(Value::Object(map)) => map
                .iter()
                .map(|(name, value)| {
                    value.as_str().filter(|text| !text.is_empty()).unwrap_or(name).to_owned()
                })
                .collect(),
            _ => Vec::new(),
        }
    }
}

impl From<Map<String, Value>> for Options {
    fn from(map: Map<String, Value>) -> Self {
        Self(map)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_list_may_be_written_in_three_ways() {
        for cc in [json!("a@b.c"), json!(["a@b.c"]), json!({"a@b.c": ""}), json!({"Ann": "a@b.c"})] {
            let options: Options = serde_json::from_value(json!({"cc": cc})).unwrap();
            assert_eq!(options.texts("cc"), ["a@b.c"]);
        }
    }
}
