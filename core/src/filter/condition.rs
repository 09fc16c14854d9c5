//! One entry of the list behind a key, as a policy writes it.

use serde_json::{Map, Value};

use super::{
    matcher::{Matcher, lower},
    numeric::{Range, number_of_policy},
    place::Place,
    wildcard::Pattern,
};
use crate::{Refusal, closest, net::Network};

/// What is asked of a value. A list of a message passes when any of its values does.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Condition {
    /// The value passes the test.
    Is(Matcher),
    /// There is a value, and it passes none of these.
    IsNot(Box<[Matcher]>),
    /// The key is there, whatever its value; or it is not.
    Exists(bool),
}

const OPERATORS: [&str; 8] =
    ["anything-but", "prefix", "suffix", "equals-ignore-case", "wildcard", "numeric", "exists", "cidr"];
/// What may stand behind `anything-but` beside values.
const NEGATED: [&str; 4] = ["prefix", "suffix", "equals-ignore-case", "wildcard"];

impl Condition {
    /// Reads a value, or an object of one operator.
    pub(super) fn read(value: &Value, place: Place<'_>) -> Result<Self, Refusal> {
        let Value::Object(operators) = value else { return exact(value, place).map(Self::Is) };
        let (name, operand) = only(operators, place, &OPERATORS)?;
        let within = Place::Member(&place, name);
        match name {
            "exists" => {
                operand.as_bool().map(Self::Exists).ok_or_else(|| within.refuse("must be true or false"))
            }
            "anything-but" => anything_but(operand, within).map(Self::IsNot),
            "numeric" => Range::read(operand, within).map(Matcher::Numeric).map(Self::Is),
            "cidr" => Network::parse(text(operand, within)?)
                .map(|network| Self::Is(Matcher::Cidr(network)))
                .map_err(|error| within.refuse(error.to_string())),
            _ => of_text(name, operand, within).map(Self::Is),
        }
    }
}

/// A string, a number, a boolean or null.
fn exact(value: &Value, place: Place<'_>) -> Result<Matcher, Refusal> {
    Ok(match value {
        Value::Null => Matcher::Null,
        Value::Bool(value) => Matcher::Boolean(*value),
        Value::Number(number) => Matcher::Number(number_of_policy(number, place)?),
        Value::String(text) => Matcher::Text(text.as_str().into()),
        Value::Array(_) | Value::Object(_) => {
            return Err(place
                .refuse("must be a string, a number, true, false or null")
                .fix("name the values one by one, in one list"));
        }
    })
}

fn anything_but(operand: &Value, place: Place<'_>) -> Result<Box<[Matcher]>, Refusal> {
    if let Value::Object(operators) = operand {
        let (name, operand) = only(operators, place, &NEGATED)?;
        return each(operand, Place::Member(&place, name), |one, place| of_text(name, one, place));
    }
    each(operand, place, exact)
}

/// Reads one value, or each of a list.
fn each(
    value: &Value,
    place: Place<'_>,
    read: impl Fn(&Value, Place<'_>) -> Result<Matcher, Refusal>,
) -> Result<Box<[Matcher]>, Refusal> {
    match value {
        Value::Array(list) if list.is_empty() => Err(place.refuse("is empty").fix("name at least one value")),
        Value::Array(list) => {
            list.iter().enumerate().map(|(n, one)| read(one, Place::Entry(&place, n))).collect()
        }
        one => read(one, place).map(|test| Box::from([test])),
    }
}

fn of_text(name: &str, operand: &Value, place: Place<'_>) -> Result<Matcher, Refusal> {
    let text = text(operand, place)?;
    match name {
        "prefix" => Ok(Matcher::Prefix(text.into())),
        "suffix" => Ok(Matcher::Suffix(text.into())),
        "equals-ignore-case" => Ok(Matcher::IgnoreCase(lower(text).collect::<String>().into())),
        _ => Pattern::parse(text).map(Matcher::Wildcard).map_err(|why| place.refuse(why)),
    }
}

fn text<'v>(value: &'v Value, place: Place<'_>) -> Result<&'v str, Refusal> {
    value
        .as_str()
        .filter(|text| !text.is_empty())
        .ok_or_else(|| place.refuse("must be a string that is not empty"))
}

/// The only member of an object of operators, which must be one of `known`.
fn only<'v>(
    operators: &'v Map<String, Value>,
    place: Place<'_>,
    known: &[&'static str],
) -> Result<(&'v str, &'v Value), Refusal> {
    let mut members = operators.iter();
    let (Some((name, operand)), None) = (members.next(), members.next()) else {
        return Err(place
            .refuse("must have exactly one operator")
            .fix("write several in the list, of which any may hold"));
    };
    if known.contains(&name.as_str()) {
        return Ok((name, operand));
    }
    let fix = closest(name, known.iter().copied()).map_or_else(
        || format!("write one of {}", known.join(", ")),
        |meant| format!("did you mean `{meant}`?"),
    );
    Err(place.refuse(format!("unknown operator `{name}`")).fix(fix))
}
