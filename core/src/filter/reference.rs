//! The rules once more, as plainly as they can be written: what the compiled form is compared with.

use serde_json::{Map, Value};

use crate::net::Network;

/// Whether `policy`, which was admitted, holds of `members`.
pub(super) fn holds(policy: &Map<String, Value>, members: &Map<String, Value>) -> bool {
    policy.iter().all(|(name, rule)| match (rule, members.get(name)) {
        (Value::Array(policies), _) if name == "$or" => {
            policies.iter().any(|one| holds(one.as_object().unwrap(), members))
        }
        (Value::Object(policy), value) => {
            let objects: Vec<_> = flat(value).into_iter().filter_map(Value::as_object).collect();
            if objects.is_empty() {
                holds(policy, &Map::new())
            } else {
                objects.into_iter().any(|members| holds(policy, members))
            }
        }
        (Value::Array(conditions), value) => conditions.iter().any(|condition| wanted(condition, value)),
        _ => unreachable!("an admitted policy has lists and objects"),
    })
}

fn flat(value: Option<&Value>) -> Vec<&Value> {
    match value {
        None => vec![],
        Some(Value::Array(list)) => list.iter().flat_map(|one| flat(Some(one))).collect(),
        Some(one) => vec![one],
    }
}

fn wanted(condition: &Value, value: Option<&Value>) -> bool {
    match condition.get("exists") {
        Some(exists) => exists == value.is_some(),
        None => flat(value).into_iter().any(|value| passes(condition, value)),
    }
}

fn passes(condition: &Value, value: &Value) -> bool {
    let Value::Object(operator) = condition else { return equal(condition, value) };
    let (name, operand) = operator.iter().next().unwrap();
    match name.as_str() {
        "anything-but" => {
            let alternatives = match operand {
                Value::Object(inner) => {
                    let (name, operand) = inner.iter().next().unwrap();
                    list(operand).into_iter().map(|one| serde_json::json!({name: one})).collect()
                }
                _ => list(operand),
            };
            !value.is_object() && !alternatives.iter().any(|one| passes(one, value))
        }
        "numeric" => value.as_f64().is_some_and(|number| in_range(operand.as_array().unwrap(), number)),
        _ => value.as_str().is_some_and(|text| of_text(name, operand.as_str().unwrap(), text)),
    }
}

fn list(value: &Value) -> Vec<Value> {
    value.as_array().cloned().unwrap_or_else(|| vec![value.clone()])
}

fn equal(wanted: &Value, value: &Value) -> bool {
    wanted == value || (wanted.is_number() && wanted.as_f64() == value.as_f64())
}

fn in_range(bounds: &[Value], number: f64) -> bool {
    bounds.chunks(2).all(|pair| {
        let bound = pair[1].as_f64().unwrap();
        match pair[0].as_str().unwrap() {
            "=" => number == bound,
            "<" => number < bound,
            "<=" => number <= bound,
            ">" => number > bound,
            _ => number >= bound,
        }
    })
}

fn of_text(name: &str, operand: &str, text: &str) -> bool {
    let lower = |text: &str| text.chars().flat_map(char::to_lowercase).collect::<String>();
    match name {
        "prefix" => text.starts_with(operand),
        "suffix" => text.ends_with(operand),
        "equals-ignore-case" => lower(operand) == lower(text),
        "cidr" => text
            .parse()
            .is_ok_and(|address| Network::parse(operand).is_ok_and(|network| network.contains(address))),
        _ => wildcard(operand, text),
    }
}

fn wildcard(pattern: &str, text: &str) -> bool {
    let mut rest = pattern.chars();
    match rest.next() {
        None => text.is_empty(),
        Some('*') => text
            .char_indices()
            .map(|(at, _)| at)
            .chain([text.len()])
            .any(|at| wildcard(rest.as_str(), text.get(at..).unwrap_or_default())),
        Some('\\') => begins(text, rest.next().unwrap(), rest.as_str()),
        Some(letter) => begins(text, letter, rest.as_str()),
    }
}

fn begins(text: &str, letter: char, pattern: &str) -> bool {
    text.strip_prefix(letter).is_some_and(|rest| wildcard(pattern, rest))
}
