//! Environment variables: `NUNCIO_SECTION__KEY` sets `key` of `[section]`.

use std::collections::BTreeMap;

use super::{
    key::{Key, Kind},
    keys::keys,
    load::VARIABLE_PREFIX,
    node::{self, Node, Raw},
    place::{Place, Problem},
    unknown,
};

/// Sections that no variable sets, and how they are written: their names are as they are written, and lists have order.
const FILE_ALONE: [(&str, &str); 3] =
    [("tenants", "[tenants.NAME]"), ("libraries", "[[libraries]]"), ("exec", "[[exec]]")];

/// Puts the variables over what the file said.
///
/// Only names with a double underscore are keys: Kubernetes and people have other `NUNCIO_` variables.
pub(super) fn overlay(
    table: &mut BTreeMap<String, Node>,
    env: &BTreeMap<String, String>,
    problems: &mut Vec<Problem>,
) {
    for (variable, text) in env {
        let Some(name) = variable.strip_prefix(VARIABLE_PREFIX).filter(|name| name.contains("__")) else {
            continue;
        };
        let path: Vec<String> = name.split("__").map(str::to_lowercase).collect();
        let place = Place::Variable { variable: variable.clone() };
        let section = path.first().map_or("", String::as_str);
        if let Some((_, written)) = FILE_ALONE.iter().find(|(name, _)| *name == section) {
            let why = "no variable sets this section";
            let fix = format!("write {written} in the configuration file");
            problems.push(Problem::new(place, section, why).fix(fix));
            continue;
        }
        let value = value(&path, &place, text);
        if let Err(problem) = insert(table, &path, value) {
            problems.push(problem);
        }
    }
}

fn value(path: &[String], place: &Place, text: &str) -> Node {
    let name = path.join(".");
    let kind = keys().iter().find(|key: &&Key| key.name == name).map(|key| key.kind);
    let toml = || node::parse_value(place, text);
    // A driver's setting is read as TOML; whether it is text says its schema, which may not be known yet.
    let setting = path.first().is_some_and(|section| section == "drivers");
    let node = match kind {
        Some(
            Kind::Integer { .. }
            | Kind::Boolean
            | Kind::Bytes { .. }
            | Kind::Retry
            | Kind::Tls
            | Kind::Confirmation,
        ) => toml(),
        Some(Kind::Names | Kind::Networks) if !text.trim_start().starts_with('[') => Some(list(place, text)),
        Some(Kind::Names | Kind::Networks) => toml(),
        None if setting => toml().map(|node| Node { written: Some(text.to_owned()), ..node }),
        _ => None,
    };
    node.unwrap_or_else(|| Node::new(place.clone(), Raw::Text(text.to_owned())))
}

fn list(place: &Place, text: &str) -> Node {
    let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
    let parts = parts.map(|part| Node::new(place.clone(), Raw::Text(part.to_owned())));
    Node::new(place.clone(), Raw::List(parts.collect()))
}

fn insert(table: &mut BTreeMap<String, Node>, path: &[String], value: Node) -> Result<(), Problem> {
    let Some((name, rest)) = path.split_first() else { return Ok(()) };
    if rest.is_empty() {
        table.insert(name.clone(), value);
        return Ok(());
    }
    let empty = || Node::new(value.place.clone(), Raw::Table(BTreeMap::new()));
    let section = table.entry(name.clone()).or_insert_with(empty);
    match &mut section.raw {
        Raw::Table(inner) => insert(inner, rest, value),
        _ => Err(unknown::not_a_table(name, section)),
    }
}
