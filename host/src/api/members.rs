//! Members of JSON objects: they must be known, and are read one by one.

use nuncio_core::closest;
use serde_json::{Value, value::RawValue};

use super::{body::Members, problem::Problem};
use crate::times;

/// Refuses a name that is not one of `all`, with the one that may have been meant.
pub(super) fn known<'a>(names: impl Iterator<Item = &'a str>, all: &[&'static str]) -> Result<(), String> {
    for name in names {
        if !all.contains(&name) {
            let meant = closest(name, all.iter().copied());
            let hint = meant.map_or_else(
                || format!("there are {}", all.join(", ")),
                |meant| format!("did you mean `{meant}`?"),
            );
            return Err(format!("unknown member `{name}`: {hint}"));
        }
    }
    Ok(())
}

/// The member `name`, if it is there.
pub(super) fn value(members: &Members<'_>, name: &str) -> Result<Option<Value>, Problem> {
    let parse = |raw: &&RawValue| {
        serde_json::from_str(raw.get()).map_err(|error| Problem::body(format!("{name}: {error}.")))
    };
    members.get(name).map(parse).transpose()
}

/// The time `name`, in Unix milliseconds: RFC 3339, or Unix seconds. `null` is none.
pub(super) fn moment(members: &Members<'_>, name: &str) -> Result<Option<i64>, Problem> {
    let ms = match value(members, name)? {
        None | Some(Value::Null) => return Ok(None),
        Some(Value::Number(number)) => number.as_i64().and_then(times::of_seconds),
        Some(Value::String(text)) => times::of_rfc3339(&text),
        Some(_) => None,
    };
    ms.map(Some).ok_or_else(|| Problem::moment(name))
}

/// The text `name`, which is not empty.
pub(super) fn text(members: &Members<'_>, name: &str) -> Result<Option<String>, Problem> {
    match value(members, name)? {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) if !text.is_empty() => Ok(Some(text)),
        Some(_) => Err(Problem::request(format!("{name}: must be a text that is not empty."))),
    }
}

/// Whether `name` is true; false without it.
pub(super) fn flag(members: &Members<'_>, name: &str) -> Result<bool, Problem> {
    match value(members, name)? {
        None | Some(Value::Null) => Ok(false),
        Some(Value::Bool(on)) => Ok(on),
        Some(_) => Err(Problem::request(format!("{name}: must be true or false."))),
    }
}
