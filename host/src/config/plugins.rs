//! `[[libraries]]`, `[[exec]]` and `[schemes]`: drivers that are not linked, and who serves what.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use nuncio_core::closest;
use serde_json::Value;

use super::{
    check,
    key::Key,
    node::{self, Node, Raw},
    place::{Place, Problem},
    tables::{EXEC, LIBRARIES, Table},
    unknown::not_a_table,
};

/// One `[[libraries]]`: drivers in dynamic libraries.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Library {
    /// A library, or a folder of them.
    pub path: PathBuf,
    /// The SHA-256 that its file must have, 64 hexadecimal digits in lower case.
    pub sha256: Option<String>,
    /// Worker threads of its own runtime.
    pub threads: usize,
    /// Where it stands.
    pub place: Place,
}

/// One `[[exec]]`: a driver that is a program.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Exec {
    /// The driver's name.
    pub name: String,
    /// The program and its arguments; never empty.
    pub command: Vec<String>,
    /// Where it stands.
    pub place: Place,
}

/// Who serves a scheme that several drivers claim.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Choice {
    /// The driver's name.
    pub driver: String,
    /// Where that stands.
    pub place: Place,
}

/// Reads the three sections; relative paths start at `folder`, and what is wrong goes to `problems`.
pub(super) struct Reader<'a> {
    pub(super) folder: &'a Path,
    pub(super) problems: &'a mut Vec<Problem>,
}

/// One table of a list with the values that passed.
struct Read {
    place: Place,
    values: BTreeMap<&'static str, Value>,
}

impl Reader<'_> {
    /// `[[libraries]]`
    pub(super) fn libraries(&mut self, section: Option<Node>) -> Vec<Library> {
        let read = self.list(&LIBRARIES, section);
        let all = read.into_iter().filter_map(|mut one| {
            let path = self.folder.join(text(&mut one, "path")?);
            let threads = one.values.get("threads").and_then(Value::as_u64).unwrap_or(1);
            let sha256 = text(&mut one, "sha256");
            Some(Library { path, sha256, threads: usize::try_from(threads).unwrap_or(1), place: one.place })
        });
        let all: Vec<_> = all.collect();
        self.once(&LIBRARIES, "path", all.iter().map(|one| (one.path.display().to_string(), &one.place)));
        all
    }

    /// `[[exec]]`
    pub(super) fn exec(&mut self, section: Option<Node>) -> Vec<Exec> {
        let read = self.list(&EXEC, section);
        let all = read.into_iter().filter_map(|mut one| {
            let Some(Value::Array(command)) = one.values.remove("command") else { return None };
            let mut command: Vec<String> =
                command.iter().filter_map(Value::as_str).map(str::to_owned).collect();
            // A bare name is looked up in PATH, as a shell does.
            let program = command.first_mut().filter(|program| program.contains('/'));
            if let Some(program) = program {
                *program = self.folder.join(&*program).display().to_string();
            }
            Some(Exec { name: text(&mut one, "name")?, command, place: one.place })
        });
        let all: Vec<_> = all.collect();
        self.once(&EXEC, "name", all.iter().map(|one| (one.name.clone(), &one.place)));
        all
    }

    /// `[schemes]`
    pub(super) fn schemes(&mut self, section: Option<Node>) -> BTreeMap<String, Choice> {
        let Some(section) = section else { return BTreeMap::new() };
        let Raw::Table(table) = section.raw else {
            self.problems.push(not_a_table("schemes", &section));
            return BTreeMap::new();
        };
        let mut choices = BTreeMap::new();
        for (scheme, node) in table {
            let path = format!("schemes.{scheme}");
            let wrong =
                |place: &Place, why: String, fix: &str| Problem::new(place.clone(), &path, why).fix(fix);
            if !is_scheme(&scheme) {
                self.problems.push(wrong(&node.key, "not a URI scheme".into(), "write it in lower case"));
                continue;
            }
            match node.raw {
                Raw::Text(driver) if !driver.is_empty() => {
                    choices.insert(scheme, Choice { driver, place: node.place });
                }
                _ => {
                    let why = format!("{} does not fit here", node.noun());
                    self.problems.push(wrong(
                        &node.place,
                        why,
                        "write the name of a driver, like \"acme-sms\"",
                    ));
                }
            }
        }
        choices
    }

    fn list(&mut self, table: &Table, section: Option<Node>) -> Vec<Read> {
        let Some(section) = section else { return Vec::new() };
        let fix = format!("write [[{}]] in the file, once for each", table.name);
        let misplaced = |node: &Node| {
            let why = format!("{} does not fit here", node.noun());
            Problem { key: table.heading(), ..Problem::new(node.place.clone(), "", why) }.fix(&*fix)
        };
        let Raw::List(list) = section.raw else {
            self.problems.push(misplaced(&section));
            return Vec::new();
        };
        let mut all = Vec::new();
        for node in list {
            match node.raw {
                Raw::Table(members) => all.push(self.table(table, node.place, members)),
                _ => self.problems.push(misplaced(&node)),
            }
        }
        all
    }

    fn table(&mut self, table: &Table, place: Place, mut members: BTreeMap<String, Node>) -> Read {
        let mut values = BTreeMap::new();
        for key in table.keys {
            let written = members.remove(key.short());
            if written.is_none() && table.required.contains(&key.short()) {
                let why = "missing".to_owned();
                let problem = problem(table, key.short(), place.clone(), why);
                self.problems.push(problem.fix(format!("write {} = {}", key.short(), key.example)));
            }
            let node = written.or_else(|| node::parse_value(&Place::Default, key.default));
            match node.map(|node| check::checked(key.kind, &node)) {
                Some(Ok(value)) => drop(values.insert(key.short(), value)),
                Some(Err(wrong)) => {
                    self.problems.push(problem(table, key.short(), wrong.place, wrong.why).fix(wrong.fix));
                }
                None => {}
            }
        }
        self.problems.extend(members.iter().map(|(name, node)| unknown(table, name, node)));
        Read { place, values }
    }

    fn once<'a>(&mut self, table: &Table, key: &str, all: impl Iterator<Item = (String, &'a Place)>) {
        let mut seen = BTreeMap::new();
        for (value, place) in all {
            if let Some(first) = seen.insert(value.clone(), place) {
                let why = format!("`{value}` stands at {first} too");
                self.problems.push(problem(table, key, place.clone(), why).fix("remove one of the two"));
            }
        }
    }
}

fn text(one: &mut Read, key: &str) -> Option<String> {
    match one.values.remove(key) {
        Some(Value::String(text)) => Some(text),
        _ => None,
    }
}

fn problem(table: &Table, key: &str, place: Place, why: String) -> Problem {
    Problem { key: format!("{} {key}", table.heading()), ..Problem::new(place, "", why) }
}

fn unknown(table: &Table, name: &str, node: &Node) -> Problem {
    let names: Vec<_> = table.keys.iter().map(Key::short).collect();
    let fix = closest(name, names.iter().copied())
        .map_or_else(|| format!("there are {}", names.join(", ")), |one| format!("did you mean `{one}`?"));
    problem(table, name, node.key.clone(), "unknown key".to_owned()).fix(fix)
}

/// RFC 3986 section 3.1, in lower case.
fn is_scheme(text: &str) -> bool {
    let mut bytes = text.bytes();
    bytes.next().is_some_and(|first| first.is_ascii_lowercase())
        && bytes.all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"+-.".contains(&b))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    fn load(text: &str) -> Result<Config, String> {
        let file = Some((Path::new("/etc/nuncio/n.toml"), text));
        Config::parse(file, BTreeMap::new()).map_err(|error| error.to_string())
    }

    #[test]
    fn libraries_programs_and_choices_are_read_and_paths_start_at_the_file() {
        let pin = "AB".repeat(32);
        let text = format!(
            "[schemes]\nsms = \"acme\"\n[[libraries]]\npath = \"lib/a.so\"\nsha256 = \"{pin}\"\n\
             [[libraries]]\npath = \"/opt/drivers\"\nthreads = 4\n\
             [[exec]]\nname = \"pager\"\ncommand = [\"./pager.py\", \"-v\"]\n\
             [[exec]]\nname = \"other\"\ncommand = [\"python3\"]"
        );
        let config = load(&text).unwrap();
        assert_eq!(config.schemes["sms"].driver, "acme");
        let paths: Vec<_> = config.libraries.iter().map(|one| one.path.to_str().unwrap()).collect();
        assert_eq!(paths, ["/etc/nuncio/lib/a.so", "/opt/drivers"]);
        assert_eq!(config.libraries[0].sha256.as_deref(), Some(&*pin.to_lowercase()));
        assert_eq!((config.libraries[0].threads, config.libraries[1].threads), (1, 4));
        assert_eq!(config.exec[0].command, ["/etc/nuncio/./pager.py", "-v"]);
        assert_eq!(
            (config.exec[1].name.as_str(), &*config.exec[1].command),
            ("other", &["python3".into()][..])
        );
    }

    #[test]
    fn what_is_wrong_in_a_list_has_its_place() {
        for (text, told) in [
            (
                "[[libraries]]\npth = \"x\"",
                "n.toml:2:1: [[libraries]] pth: unknown key; did you mean `path`?",
            ),
            ("[[libraries]]\nthreads = 2", "n.toml:1:1: [[libraries]] path: missing; write path ="),
            ("[[libraries]]\npath = \"\"", "n.toml:2:8: [[libraries]] path: empty"),
            ("[[libraries]]\npath = \"x\"\nsha256 = \"12\"", "[[libraries]] sha256: not a SHA-256"),
            ("[[libraries]]\npath = \"x\"\nthreads = 0", "[[libraries]] threads: 0 is out of range"),
            ("[libraries]\npath = \"x\"", "[[libraries]]: a table does not fit here; write [[libraries]]"),
            ("[[libraries]]\npath = \"x\"\n[[libraries]]\npath = \"x\"", "`/etc/nuncio/x` stands at"),
            ("[[exec]]\nname = \"a b\"\ncommand = [\"x\"]", "[[exec]] name: `a b` is not a driver's name"),
            ("[[exec]]\nname = \"a\"\ncommand = []", "[[exec]] command: no program"),
            ("[[exec]]\nname = \"a\"\ncommand = \"x y\"", "[[exec]] command: text does not fit here"),
            ("[schemes]\nSMS = \"a\"", "[schemes] SMS: not a URI scheme"),
            ("[schemes]\nsms = 3", "[schemes] sms: a number does not fit here"),
            ("schemes = 1", "[schemes]"),
        ] {
            let error = load(text).unwrap_err();
            assert!(error.contains(told), "{text}: {error}");
            assert!(error.starts_with("/etc/nuncio/n.toml:"), "{text}: {error}");
        }
    }

    #[test]
    fn every_example_in_the_tables_is_valid() {
        for table in [&LIBRARIES, &EXEC] {
            let lines: Vec<_> =
                table.keys.iter().map(|key| format!("{} = {}", key.short(), key.example)).collect();
            load(&format!("[[{}]]\n{}", table.name, lines.join("\n"))).unwrap();
        }
    }
}
