//! Checking the options of a subscription or a notification against the table.

use nuncio_core::{
    Manifest, Options, Refusal, closest,
    filter::{Filter, Limits},
};
use serde_json::Value;

use super::shapes::{Bounds, KNOWN, LATER};
use crate::config::Config;

/// An option that nobody knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unknown {
    /// Its name.
    pub key: String,
    /// The option that was probably meant.
    pub meant: Option<&'static str>,
}

impl std::fmt::Display for Unknown {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "unknown option `{}`", self.key)?;
        self.meant.map_or(Ok(()), |meant| write!(f, ", did you mean `{meant}`?"))
    }
}

/// Refuses options of a wrong shape and those of a later version; lists what neither the table nor the driver knows.
/// `null` is as good as nothing.
///
/// # Errors
/// The first option of a wrong shape, or of a later version.
pub fn check(options: &Options, manifest: &Manifest, config: &Config) -> Result<Vec<Unknown>, Refusal> {
    let bounds = Bounds { max_deadline: config.delivery.max_deadline };
    let mut unknown = Vec::new();
    for (key, value) in options.0.iter().filter(|(_, value)| !value.is_null()) {
        if LATER.contains(&key.as_str()) {
            return Err(Refusal::new(format!("options.{key}"), "not in this version").fix("leave it out"));
        }
        match KNOWN.iter().find(|(name, _)| name == key) {
            // Which forms it can give a message is the driver's matter; it has looked at its own options.
            Some(_) if key == "format" && of_driver(manifest, key) => {}
            Some((_, check)) => check(value, &bounds).map_err(|flaw| {
                Refusal::new(format!("options.{key}{}", flaw.at.replace('/', ".")), flaw.why)
            })?,
            None if of_driver(manifest, key) => {}
            None => {
                let meant = closest(key, KNOWN.iter().map(|(name, _)| *name));
                unknown.push(Unknown { key: key.clone(), meant });
            }
        }
    }
    filter(options, config)?;
    Ok(unknown)
}

fn filter(options: &Options, config: &Config) -> Result<(), Refusal> {
    let limits = Limits {
        keys: config.queues.max_filter_keys,
        combinations: config.queues.max_filter_combinations,
        bytes: config.queues.max_filter_size,
    };
    Filter::of(options, limits)
        .map(drop)
        .map_err(|refusal| Refusal { at: format!("options{}", refusal.at.replace('/', ".")), ..refusal })
}

fn of_driver(manifest: &Manifest, key: &str) -> bool {
    manifest.options.get("properties").and_then(Value::as_object).is_some_and(|known| known.contains_key(key))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn checked(options: Value) -> Result<Vec<Unknown>, Refusal> {
        let manifest = json!({
            "name": "x", "version": "1", "schemes": ["x"], "options": {"properties": {"colour": {}}},
        });
        let options: Options = serde_json::from_value(options).unwrap();
        check(&options, &serde_json::from_value(manifest).unwrap(), &Config::default())
    }

    #[test]
    fn known_options_of_the_right_shape_are_taken() {
        let all = json!({
            "subject": "s", "from": "a@b.example", "cc": ["c@d.example"], "bcc": {"e@f.example": ""},
            "template": "t", "html": "<p>", "post_data": "{}", "post_headers": {"X-A": "b"}, "secret": ["one", "two"],
            "format": "raw", "reply_to": null, "retry": {"schedule": ["1s"]}, "_retry_policy": {}, "deadline": "15s", "colour": 1,
            "filter": {"a": {"b": ["c"]}}, "filter_scope": "body",
            "rate": "10/s", "max_in_flight": 4, "ordered": "/customer/id",
        });
        assert_eq!(checked(all), Ok(vec![]));
    }

    #[test]
    fn a_driver_says_which_formats_it_has() {
        let manifest = json!({
            "name": "x", "version": "1", "schemes": ["x"], "options": {"properties": {"format": {}, "account": {}}},
        });
        let options = serde_json::from_value(json!({"format": "text", "account": "oslo"})).unwrap();
        let manifest = serde_json::from_value(manifest).unwrap();
        assert_eq!(check(&options, &manifest, &Config::default()), Ok(vec![]));
    }

    #[test]
    fn a_wrong_shape_names_its_place() {
        for (options, place) in [
            (json!({"subject": 1}), "options.subject: "),
            (json!({"subject": "a\r\nBcc: x"}), "options.subject: "),
            (json!({"cc": ["a", 2]}), "options.cc.1: "),
            (json!({"post_headers": {"X-A": 1}}), "options.post_headers.X-A: "),
            (json!({"format": "xml"}), "options.format: must be `zaqar`, `raw`, `cloudevents` or"),
            (json!({"_retry_policy": "x"}), "options._retry_policy: "),
            (json!({"retry": {"schedule": 1}}), "options.retry.schedule: "),
            (json!({"deadline": "500ms"}), "options.deadline: "),
            (json!({"deadline": "1d"}), "options.deadline: "),
            (json!({"ordered": {"on_dead": 1}}), "options.ordered.on_dead: must be `release` or `stop`"),
            (json!({"rate": "10"}), "options.rate: `10` is not a rate"),
            (json!({"max_in_flight": 0}), "options.max_in_flight: must be a whole number from 1"),
            (json!({"filter": []}), "options.filter: must be an object"),
            (
                json!({"filter": {"n": [{"numeric": [">", "0"]}]}}),
                "options.filter.n.0.numeric: must be a list",
            ),
            (
                json!({"filter": {"a": {"b": [1]}}}),
                "options.filter.a: must be a list: attributes have no members",
            ),
            (
                json!({"filter_scope": "bodi"}),
                "options.filter_scope: must be `attributes` or `body`; did you mean",
            ),
            (json!({"attach": 1}), "options.attach: not in this version"),
        ] {
            let refusal = checked(options).unwrap_err().to_string();
            assert!(refusal.starts_with(place), "{refusal}");
        }
    }

    #[test]
    fn an_unknown_option_is_named_with_what_was_meant() {
        let unknown = checked(json!({"subjcet": 1})).unwrap();
        assert_eq!(unknown[0].to_string(), "unknown option `subjcet`, did you mean `subject`?");
        assert_eq!(checked(json!({"a": 1})).unwrap()[0].to_string(), "unknown option `a`");
    }

    proptest! {
        #[test]
        fn any_value_of_any_option_is_taken_or_refused(at in 0..KNOWN.len(), text in "\\PC*", number: i64) {
            for value in [json!(text), json!(number), json!([text]), json!({&text: number}), json!(null)] {
                drop(checked(json!({KNOWN[at].0: value})));
            }
        }
    }
}
