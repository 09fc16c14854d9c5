//! `[drivers.NAME]`: settings for drivers, with references to secrets resolved.

use std::{collections::BTreeMap, fmt, path::Path};

use nuncio_core::pointer;
use serde_json::Value;
use zeroize::Zeroize as _;

use super::{
    load::read,
    node::{Node, Raw},
    place::{Place, Problem},
    unknown::not_a_table,
};

/// Where the settings of drivers stand, by driver and JSON pointer.
#[derive(Clone, Default)]
pub struct Settings {
    places: BTreeMap<(String, String), Setting>,
    /// What variables said, letter by letter: of a driver that is not known yet, `12345` may be a password.
    texts: BTreeMap<(String, String), String>,
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings").field("places", &self.places).finish_non_exhaustive()
    }
}

/// Where one setting stands.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Setting {
    /// Its place.
    pub place: Place,
    /// Whether it was a reference to a secret (`{ env = "X" }`, `{ file = "PATH" }`) or an environment variable.
    pub referenced: bool,
}

impl Settings {
    /// The setting of `driver` at `pointer`, or the nearest that contains it.
    #[must_use]
    pub fn at(&self, driver: &str, pointer: &str) -> Option<&Setting> {
        let mut pointer = pointer.trim_end_matches('/');
        loop {
            if let Some(setting) = self.places.get(&(driver.to_owned(), pointer.to_owned())) {
                return Some(setting);
            }
            pointer = pointer.rsplit_once('/')?.0;
        }
    }

    /// The settings of `driver` at exactly `pattern`, in which `*` is any one member, with their pointers.
    pub fn exactly<'a>(
        &'a self,
        driver: &'a str,
        pattern: &'a str,
    ) -> impl Iterator<Item = (&'a str, &'a Setting)> {
        let fits = move |(of, at): &(String, String)| of == driver && pointer::is_at(pattern, at);
        self.places.iter().filter(move |(key, _)| fits(key)).map(|((_, at), setting)| (at.as_str(), setting))
    }

    /// Makes text again of what a variable said of `driver`, where its `schema` wants text.
    pub fn fit(&self, driver: &str, value: &mut Value, schema: &Value) {
        for ((of, key), text) in &self.texts {
            let kind = &schema["properties"][key.as_str()]["type"];
            let is = |value: &Value| value == "string";
            let is_text = is(kind) || kind.as_array().is_some_and(|all| all.iter().any(is));
            if of == driver
                && is_text
                && let Some(member) = value.get_mut(key)
            {
                *member = Value::String(text.clone());
            }
        }
    }

    /// Overwrites the values that it remembers: they may be secrets.
    pub fn wipe(&mut self) {
        std::mem::take(&mut self.texts).into_values().for_each(|mut text| text.zeroize());
    }
}

/// Resolves the section `[drivers]`.
pub(super) struct Resolver<'a> {
    pub(super) env: &'a BTreeMap<String, String>,
    pub(super) folder: &'a Path,
    pub(super) problems: &'a mut Vec<Problem>,
}

impl Resolver<'_> {
    /// The settings of every driver, and where they stand.
    pub(super) fn drivers(&mut self, section: Option<Node>) -> (BTreeMap<String, Value>, Settings) {
        let (mut drivers, mut settings) = (BTreeMap::new(), Settings::default());
        let Some(section) = section else { return (drivers, settings) };
        let Raw::Table(table) = &section.raw else {
            self.problems.push(not_a_table("drivers", &section));
            return (drivers, settings);
        };
        for (name, node) in table {
            if !matches!(node.raw, Raw::Table(_)) {
                self.problems.push(not_a_table(&format!("drivers.{name}"), node));
                continue;
            }
            let value = self.value(name, "", node, &mut settings);
            drivers.insert(name.clone(), value);
        }
        (drivers, settings)
    }

    fn value(&mut self, driver: &str, pointer: &str, node: &Node, settings: &mut Settings) -> Value {
        let resolved = self.reference(driver, pointer, node);
        let referenced = resolved.is_some() || matches!(node.place, Place::Variable { .. });
        let place = if pointer.is_empty() { &node.key } else { &node.place };
        let setting = Setting { place: place.clone(), referenced };
        settings.places.insert((driver.to_owned(), pointer.to_owned()), setting);
        if let Some(value) = resolved {
            return value;
        }
        if let (Some(text), Some(key)) = (&node.written, pointer.strip_prefix('/')) {
            settings.texts.insert((driver.to_owned(), key.to_owned()), text.clone());
        }
        match &node.raw {
            Raw::List(list) => list
                .iter()
                .enumerate()
                .map(|(i, one)| self.value(driver, &format!("{pointer}/{i}"), one, settings))
                .collect(),
            Raw::Table(table) => Value::Object(
                table
                    .iter()
                    .map(|(name, one)| {
                        let part = name.replace('~', "~0").replace('/', "~1");
                        (name.clone(), self.value(driver, &format!("{pointer}/{part}"), one, settings))
                    })
                    .collect(),
            ),
            _ => node.json(),
        }
    }

    /// What `{ env = "X" }` or `{ file = "PATH" }` stands for; `None` for anything else.
    fn reference(&mut self, driver: &str, pointer: &str, node: &Node) -> Option<Value> {
        let Raw::Table(table) = &node.raw else { return None };
        let (kind, Raw::Text(name)) = table.iter().next().map(|(kind, one)| (kind.as_str(), &one.raw))?
        else {
            return None;
        };
        // A section `[drivers.x]` with a single key `file` is no reference: references stand for values.
        if table.len() != 1 || pointer.is_empty() {
            return None;
        }
        let (found, fix) = match kind {
            "env" => (
                self.env.get(name).cloned().ok_or_else(|| format!("the variable {name} is not set")),
                format!("set {name}, or write {{ file = \"PATH\" }}"),
            ),
            "file" => {
                let fix = "make the file readable for this user, or write { env = \"NAME\" }";
                (read(&self.folder.join(name)), fix.to_owned())
            }
            _ => return None,
        };
        let found = found.unwrap_or_else(|why| {
            let path = format!("drivers.{driver}{}", pointer.replace('/', "."));
            self.problems.push(Problem::new(node.place.clone(), &path, why).fix(fix));
            String::new()
        });
        Some(found.trim_end_matches(['\n', '\r']).into())
    }
}
