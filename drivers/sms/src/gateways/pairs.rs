//! Names and values as the vendors send them: a query, a form, or an object in JSON.

use nuncio_plugin_sdk::{Inbound, Refusal, serde_json};
use serde_json::Value;

/// Names and values in the order in which they came.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Pairs(pub(crate) Vec<(String, String)>);

impl Pairs {
    /// Those of a query or of a body of the type `application/x-www-form-urlencoded`. Anything can be read so.
    pub(crate) fn form(text: &[u8]) -> Self {
        Self(url::form_urlencoded::parse(text).into_owned().collect())
    }

    /// The members of a JSON object; what is in lists and objects is left out.
    ///
    /// # Errors
    /// What is no JSON object.
    pub(crate) fn json(body: &[u8]) -> Result<Self, Refusal> {
        let Value::Object(members) = serde_json::from_slice(body)
            .map_err(|error| Refusal::new("body", format!("not JSON: {error}")))?
        else {
            return Err(Refusal::new("body", "not an object in JSON"));
        };
        Ok(Self(members.into_iter().filter_map(|(name, value)| Some((name, plain(&value)?))).collect()))
    }

    /// Those of a request: of its query, then of its body, by the type that its header names.
    ///
    /// # Errors
    /// A body that is not what its header says.
    pub(crate) fn of(request: &Inbound, body: &[u8]) -> Result<Self, Refusal> {
        let mut all = Self::form(request.query.as_bytes());
        if body.iter().any(|byte| !byte.is_ascii_whitespace()) {
            all.0.extend(Self::of_body(request, body)?.0);
        }
        Ok(all)
    }

    /// Those of the body of a request.
    ///
    /// # Errors
    /// A body that is not what its header says.
    pub(crate) fn of_body(request: &Inbound, body: &[u8]) -> Result<Self, Refusal> {
        if is_json(request) { Self::json(body) } else { Ok(Self::form(body)) }
    }

    /// The first value of `name`; empty when there is none.
    pub(crate) fn get(&self, name: &str) -> &str {
        self.0.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value.as_str())
    }
}

/// Whether a request says that its body is JSON.
pub(crate) fn is_json(request: &Inbound) -> bool {
    request.headers.get("content-type").is_some_and(|kind| kind.to_ascii_lowercase().contains("json"))
}

/// A text, a number or a truth value as text.
pub(crate) fn plain(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(truth) => Some(truth.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn request(query: &str, kind: &str) -> Inbound {
        let mut request = Inbound::default();
        request.query = query.to_owned();
        request.headers.insert("content-type".to_owned(), kind.to_owned());
        request
    }

    #[test]
    fn a_query_a_form_and_json_say_the_same() {
        let form = "application/x-www-form-urlencoded; charset=utf-8";
        let wanted = Pairs(vec![("a".into(), "1 é".into()), ("b".into(), "true".into())]);
        assert_eq!(Pairs::of(&request("a=1+%C3%A9&b=true", ""), b"").unwrap(), wanted);
        assert_eq!(Pairs::of(&request("", form), b"a=1%20%c3%a9&b=true").unwrap(), wanted);
        let json = r#"{"a": "1 é", "b": true, "list": [1], "none": null}"#;
        assert_eq!(Pairs::of(&request("", "application/json"), json.as_bytes()).unwrap(), wanted);
        assert_eq!(wanted.get("a"), "1 é");
        assert_eq!(wanted.get("c"), "");
    }

    #[test]
    fn a_body_that_is_not_what_it_says_is_refused() {
        for body in ["[1]", "{", "a=b"] {
            let refusal = Pairs::of(&request("", "application/json"), body.as_bytes()).unwrap_err();
            assert_eq!(refusal.at, "body");
        }
    }

    fn check_any(query: &str, kind: &str, body: &[u8]) {
        if let Ok(pairs) = Pairs::of(&request(query, kind), body) {
            for (name, _) in &pairs.0 {
                assert!(pairs.0.iter().any(|(_, value)| value == pairs.get(name)));
            }
        }
    }

    proptest! {
        #[test]
        fn any_request_is_read_or_refused(
            query in "\\PC{0,60}",
            json: bool,
            body in prop::collection::vec(any::<u8>(), 0..200),
        ) {
            check_any(&query, if json { "application/json" } else { "" }, &body);
        }
    }
}
