//! What was written, with its place: the common form of files and variables.

use std::collections::BTreeMap;

use serde_json::Value;
use toml::de::{DeTable, DeValue};

use super::place::{Place, Problem};

/// A value with its place.
#[derive(Clone, Debug)]
pub(super) struct Node {
    /// Where its key stands (its own place where it has no key).
    pub(super) key: Place,
    /// Where the value stands.
    pub(super) place: Place,
    /// The value.
    pub(super) raw: Raw,
    /// What a variable said, letter by letter, where more than one reading is possible.
    pub(super) written: Option<String>,
}

/// A value as it was written.
#[derive(Clone, Debug)]
pub(super) enum Raw {
    Text(String),
    Integer(i64),
    Float(f64),
    Boolean(bool),
    List(Vec<Node>),
    Table(BTreeMap<String, Node>),
}

impl Node {
    pub(super) fn new(place: Place, raw: Raw) -> Self {
        Self { key: place.clone(), place, raw, written: None }
    }

    /// The value as JSON.
    pub(super) fn json(&self) -> Value {
        match &self.raw {
            Raw::Text(text) => Value::String(text.clone()),
            Raw::Integer(number) => Value::from(*number),
            Raw::Float(number) => Value::from(*number),
            Raw::Boolean(value) => Value::Bool(*value),
            Raw::List(list) => list.iter().map(Self::json).collect(),
            Raw::Table(table) => {
                Value::Object(table.iter().map(|(name, node)| (name.clone(), node.json())).collect())
            }
        }
    }

    /// The node at a JSON pointer, or the nearest that contains it.
    pub(super) fn within(&self, pointer: &str) -> &Self {
        let mut node = self;
        for part in pointer.split('/').skip(1) {
            let inner = match &node.raw {
                Raw::Table(table) => table.get(part),
                Raw::List(list) => part.parse::<usize>().ok().and_then(|i| list.get(i)),
                _ => None,
            };
            match inner {
                Some(inner) => node = inner,
                None => break,
            }
        }
        node
    }

    /// What it is, for messages.
    pub(super) const fn noun(&self) -> &'static str {
        match self.raw {
            Raw::Text(_) => "text",
            Raw::Integer(_) => "a number",
            Raw::Float(_) => "a fraction",
            Raw::Boolean(_) => "a boolean",
            Raw::List(_) => "a list",
            Raw::Table(_) => "a table",
        }
    }
}

/// Reads a TOML file called `name`. What can be read is returned with everything that cannot.
pub(super) fn parse(name: &str, text: &str) -> (BTreeMap<String, Node>, Vec<Problem>) {
    let source = Source { name, text };
    let (table, errors) = DeTable::parse_recoverable(text);
    let mut problems: Vec<_> = errors
        .iter()
        .map(|error| {
            let place = source.place(error.span().map_or(0, |span| span.start));
            Problem::new(place, "", error.message())
        })
        .collect();
    problems.sort();
    (source.table(table.get_ref()), problems)
}

/// Reads one value in TOML's form, as a variable or a default may have it.
pub(super) fn parse_value(place: &Place, text: &str) -> Option<Node> {
    let value = DeValue::parse(text).ok()?;
    let node = Source { name: "", text }.node(value.get_ref(), 0, 0);
    Some(at(node, place))
}

fn at(node: Node, place: &Place) -> Node {
    let raw = match node.raw {
        Raw::List(list) => Raw::List(list.into_iter().map(|one| at(one, place)).collect()),
        Raw::Table(table) => {
            Raw::Table(table.into_iter().map(|(name, one)| (name, at(one, place))).collect())
        }
        other => other,
    };
    Node::new(place.clone(), raw)
}

struct Source<'a> {
    name: &'a str,
    text: &'a str,
}

impl Source<'_> {
    fn place(&self, offset: usize) -> Place {
        let before = self.text.get(..offset).unwrap_or(self.text);
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or("").chars().count() + 1;
        Place::File { file: self.name.to_owned(), line, column }
    }

    fn table(&self, table: &DeTable<'_>) -> BTreeMap<String, Node> {
        table
            .iter()
            .map(|(key, value)| {
                let node = self.node(value.get_ref(), key.span().start, value.span().start);
                (key.get_ref().to_string(), node)
            })
            .collect()
    }

    fn node(&self, value: &DeValue<'_>, key: usize, offset: usize) -> Node {
        let raw = match value {
            DeValue::String(text) => Raw::Text(text.to_string()),
            DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix())
                .map_or_else(|_| Raw::Text(number.to_string()), Raw::Integer),
            DeValue::Float(number) => {
                number.as_str().parse().map_or_else(|_| Raw::Text(number.as_str().to_owned()), Raw::Float)
            }
            DeValue::Boolean(value) => Raw::Boolean(*value),
            DeValue::Datetime(time) => Raw::Text(time.to_string()),
            DeValue::Array(list) => Raw::List(
                list.iter().map(|one| self.node(one.get_ref(), one.span().start, one.span().start)).collect(),
            ),
            DeValue::Table(table) => Raw::Table(self.table(table)),
        };
        Node { key: self.place(key), place: self.place(offset), raw, written: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_count_lines_and_characters_from_one() {
        let (table, problems) = parse("n.toml", "[a]\n\"å\" = \"ø\"\n  b = [1, 2]\n");
        assert!(problems.is_empty());
        let Raw::Table(a) = &table["a"].raw else { panic!("a table") };
        assert_eq!(a["b"].key.to_string(), "n.toml:3:3");
        let Raw::List(list) = &a["b"].raw else { panic!("a list") };
        assert_eq!(list[1].place.to_string(), "n.toml:3:11");
        assert_eq!(a["å"].place.to_string(), "n.toml:2:7");
    }

    #[test]
    fn every_syntax_error_has_its_place() {
        let (_, problems) = parse("n.toml", "a = 1\nb = ?\nc = [1\n");
        let places: Vec<_> = problems.iter().map(|one| one.place.to_string()).collect();
        assert_eq!(places, ["n.toml:2:5", "n.toml:3:7"]);
    }
}
