//! What one value of a message is compared with.

use std::net::IpAddr;

use serde_json::Value;

use super::{numeric::Range, wildcard::Pattern};
use crate::net::Network;

/// A test of one value: a string, a number, a boolean or null.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Matcher {
    Null,
    Boolean(bool),
    Number(f64),
    Text(Box<str>),
    Prefix(Box<str>),
    Suffix(Box<str>),
    /// The text in lower case, letter by letter.
    IgnoreCase(Box<str>),
    Wildcard(Pattern),
    Numeric(Range),
    Cidr(Network),
}

impl Matcher {
    /// Whether `value` passes.
    pub(super) fn passes(&self, value: &Value) -> bool {
        match (self, value) {
            (Self::Null, Value::Null) => true,
            (Self::Boolean(wanted), Value::Bool(value)) => wanted == value,
            (Self::Number(wanted), Value::Number(value)) => value.as_f64() == Some(*wanted),
            (Self::Numeric(range), Value::Number(value)) => {
                value.as_f64().is_some_and(|number| range.contains(number))
            }
            (Self::Text(wanted), Value::String(text)) => **wanted == **text,
            (Self::Prefix(wanted), Value::String(text)) => text.starts_with(&**wanted),
            (Self::Suffix(wanted), Value::String(text)) => text.ends_with(&**wanted),
            (Self::IgnoreCase(wanted), Value::String(text)) => lower(text).eq(wanted.chars()),
            (Self::Wildcard(pattern), Value::String(text)) => pattern.matches(text),
            (Self::Cidr(network), Value::String(text)) => {
                text.parse::<IpAddr>().is_ok_and(|address| network.contains(address))
            }
            _ => false,
        }
    }
}

/// The lower case of a text, letter by letter: a letter is the same wherever it stands.
pub(super) fn lower(text: &str) -> impl Iterator<Item = char> + '_ {
    text.chars().flat_map(char::to_lowercase)
}
