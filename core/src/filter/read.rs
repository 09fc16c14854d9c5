//! From the JSON of a policy to its compiled form.

use serde_json::{Map, Value};

use super::{
    condition::Condition,
    filters::Scope,
    limits::MAX_DEPTH,
    place::Place,
    policy::{Clause, Policy, Rule},
};
use crate::{Refusal, attributes};

/// The key whose value is a list of alternative policies.
const OR: &str = "$or";

/// Reads the members of a policy at `depth`, which counts from 1.
pub(super) fn policy(
    members: &Map<String, Value>,
    scope: Scope,
    depth: usize,
    place: Place<'_>,
) -> Result<Policy, Refusal> {
    if depth > MAX_DEPTH {
        return Err(place.refuse(format!("is nested deeper than {MAX_DEPTH} levels")));
    }
    let clause = |(name, value): (&String, &Value)| {
        let place = Place::Member(&place, name);
        if name == OR { or(value, scope, depth, place) } else { key(name, value, scope, depth, place) }
    };
    members.iter().map(clause).collect::<Result<_, _>>().map(Policy)
}

fn or(value: &Value, scope: Scope, depth: usize, place: Place<'_>) -> Result<Clause, Refusal> {
    let list = value.as_array().filter(|list| list.len() > 1).ok_or_else(|| {
        place.refuse("must be a list of at least two policies").fix("leave out `$or` where there is one")
    })?;
    let alternative = |(n, value): (usize, &Value)| {
        let place = Place::Entry(&place, n);
        match value {
            // Alternatives may stand in alternatives, so they count as a level.
            Value::Object(members) if !members.is_empty() => policy(members, scope, depth + 1, place),
            _ => Err(place.refuse("must be a policy with at least one key")),
        }
    };
    list.iter().enumerate().map(alternative).collect::<Result<_, _>>().map(Clause::Or)
}

fn key(name: &str, value: &Value, scope: Scope, depth: usize, place: Place<'_>) -> Result<Clause, Refusal> {
    if scope == Scope::Attributes {
        attributes::check_name(name).map_err(|why| place.refuse(why))?;
    }
    let rule = match value {
        Value::Array(list) if list.is_empty() => {
            return Err(place.refuse("is empty, so nothing matches it").fix("name at least one value"));
        }
        Value::Array(list) => list
            .iter()
            .enumerate()
            .map(|(n, one)| Condition::read(one, Place::Entry(&place, n)))
            .collect::<Result<_, _>>()
            .map(Rule::Any)?,
        Value::Object(_) if scope == Scope::Attributes => {
            return Err(place
                .refuse("must be a list: attributes have no members")
                .fix("write [...] around it, or \"filter_scope\": \"body\" beside the filter"));
        }
        Value::Object(members) if members.is_empty() => {
            return Err(place.refuse("is empty").fix("name a key, or write [{\"exists\": true}]"));
        }
        Value::Object(members) => Rule::Members(policy(members, scope, depth + 1, place)?),
        _ => {
            return Err(place
                .refuse("must be a list of values, even of one")
                .fix(format!("write [{value}]")));
        }
    };
    Ok(Clause::Key(name.into(), rule))
}
