//! A filter: a policy and what it looks at.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{
    limits::Limits,
    measure,
    place::Place,
    policy::{Budget, Policy},
    read,
};
use crate::{Attributes, Options, Refusal, closest};

/// The option that holds the policy.
const FILTER: &str = "filter";
/// The option that says what it looks at.
const SCOPE: &str = "filter_scope";

/// What a filter looks at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    /// The attributes of the message.
    #[default]
    Attributes,
    /// Its body, if that is a JSON object; any other body does not match.
    Body,
}

/// Which messages a subscription wants.
#[derive(Clone, Debug, PartialEq)]
pub struct Filter {
    scope: Scope,
    policy: Policy,
}

/// A filter as it is stored: equal filters have equal texts.
#[derive(Serialize, Deserialize)]
struct Stored {
    scope: Scope,
    policy: Map<String, Value>,
}

impl Filter {
    /// Reads a policy.
    ///
    /// # Errors
    /// The first thing that is wrong, with its place as a JSON pointer into the policy.
    pub fn parse(policy: &Value, scope: Scope, limits: Limits) -> Result<Self, Refusal> {
        let members = policy
            .as_object()
            .ok_or_else(|| Place::Root.refuse("must be an object of keys and lists of values"))?;
        let bytes = policy.to_string().len();
        if bytes > limits.bytes {
            let why = format!("has {bytes} bytes, and the most is {}", limits.bytes);
            return Err(Place::Root.refuse(why).fix("name fewer values (queues.max_filter_size)"));
        }
        let policy = read::policy(members, scope, 1, Place::Root)?;
        measure::check(&policy, limits)?;
        Ok(Self { scope, policy })
    }

    /// The filter that `options` ask for: none without `filter`, or with an empty one.
    ///
    /// # Errors
    /// As [`Filter::parse`], with a JSON pointer into the options.
    pub fn of(options: &Options, limits: Limits) -> Result<Option<Self>, Refusal> {
        let scope = scope(options)?;
        match policy(options) {
            None => Ok(None),
            Some(policy) => Self::parse(policy, scope, limits)
                .map(Some)
                .map_err(|refusal| Refusal { at: format!("/{FILTER}{}", refusal.at), ..refusal }),
        }
    }

    /// The text under which the filter of `options` is stored: empty for none, the same for the same filter.
    #[must_use]
    pub fn text(options: &Options) -> String {
        let scope = scope(options).unwrap_or_default();
        match policy(options).and_then(Value::as_object) {
            None => String::new(),
            // Strings and numbers are always JSON.
            Some(policy) => {
                serde_json::to_string(&Stored { scope, policy: policy.clone() }).unwrap_or_default()
            }
        }
    }

    /// Reads what [`Filter::text`] wrote.
    ///
    /// # Errors
    /// When it did not.
    pub fn stored(text: &str) -> Result<Self, Refusal> {
        let stored: Stored =
            serde_json::from_str(text).map_err(|error| Place::Root.refuse(error.to_string()))?;
        // It was within the limits of its day.
        let policy = read::policy(&stored.policy, stored.scope, 1, Place::Root)?;
        Ok(Self { scope: stored.scope, policy })
    }

    /// What it looks at.
    #[must_use]
    pub fn scope(&self) -> Scope {
        self.scope
    }

    /// Whether a message matches, by the part that [`Filter::scope`] names: `body` is asked for only if it is that one.
    pub fn matches<'m>(&self, attributes: &Attributes, body: impl FnOnce() -> Option<&'m Value>) -> bool {
        let members = match self.scope {
            Scope::Attributes => Some(attributes.values()),
            Scope::Body => body().and_then(Value::as_object),
        };
        members.is_some_and(|members| self.policy.holds(Some(members), &mut Budget::whole()))
    }
}

fn policy(options: &Options) -> Option<&Value> {
    options
        .get(FILTER)
        .filter(|policy| !policy.is_null() && policy.as_object().is_none_or(|map| !map.is_empty()))
}

fn scope(options: &Options) -> Result<Scope, Refusal> {
    let place = Place::Member(&Place::Root, SCOPE);
    match options.get(SCOPE) {
        None | Some(Value::Null) => Ok(Scope::default()),
        Some(Value::String(name)) if name == "attributes" => Ok(Scope::Attributes),
        Some(Value::String(name)) if name == "body" => Ok(Scope::Body),
        Some(other) => {
            let meant = other.as_str().and_then(|name| closest(name, ["attributes", "body"]));
            let fix = meant.map_or_else(String::new, |meant| format!("did you mean `{meant}`?"));
            Err(place.refuse("must be `attributes` or `body`").fix(fix))
        }
    }
}
