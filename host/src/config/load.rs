//! From a file and the environment to a [`Config`], or to everything that is wrong with them.

use std::{collections::BTreeMap, fs::File, io::Read as _, path::Path};

use serde_json::{Map, Value};

use super::{
    ConfigError, agreement, check, environment,
    keys::{ORDERED, keys},
    model::Config,
    node::{self, Node, Raw},
    place::{Place, Problem},
    plugins::Reader,
    rates::rates,
    secrets::{self, Sources},
    settings::Resolver,
    templates::templates,
    tenants, unknown,
};

/// With what the environment variables of the configuration begin.
pub const VARIABLE_PREFIX: &str = "NUNCIO_";

/// The largest file read at start: configuration, template or secret.
const MAX_FILE_BYTES: u64 = 4 << 20;

impl Default for Config {
    fn default() -> Self {
        match Self::parse(None, BTreeMap::new()) {
            Ok(config) => config,
            Err(error) => unreachable!("the defaults are valid, as a test shows: {error}"),
        }
    }
}

impl Config {
    /// Loads the file at `path`, if any, and puts the variables of `env` over it.
    ///
    /// # Errors
    /// Everything that is wrong, each with its place and how to mend it.
    pub fn load(
        path: Option<&Path>,
        env: impl Iterator<Item = (String, String)>,
    ) -> Result<Self, ConfigError> {
        let Some(path) = path else { return Self::parse(None, env.collect()) };
        let name = path.display().to_string();
        let text = read(path).map_err(|why| {
            let place = Place::File { file: name, line: 0, column: 0 };
            ConfigError(vec![Problem::new(place, "", why).fix("`--config PATH` names the file")])
        })?;
        Self::parse(Some((path, &text)), env.collect())
    }

    /// As [`load`](Self::load), from a text.
    pub(super) fn parse(
        file: Option<(&Path, &str)>,
        env: BTreeMap<String, String>,
    ) -> Result<Self, ConfigError> {
        let (mut table, mut problems) = match file {
            Some((path, text)) => node::parse(&path.display().to_string(), text),
            None => Default::default(),
        };
        // What a broken file seems to say is not worth judging.
        if !problems.is_empty() {
            return Err(ConfigError(problems));
        }
        environment::overlay(&mut table, &env, &mut problems);
        let folder = file.and_then(|(path, _)| path.parent()).unwrap_or(Path::new(""));
        let templates = templates(table.remove("templates"), folder, &mut problems);
        let (drivers, settings) =
            Resolver { env: &env, folder, problems: &mut problems }.drivers(table.remove("drivers"));
        let mut reader = Reader { folder, problems: &mut problems };
        let libraries = reader.libraries(table.remove("libraries"));
        let exec = reader.exec(table.remove("exec"));
        let schemes = reader.schemes(table.remove("schemes"));
        let rates = rates(table.remove("rates"), &mut problems);
        let tenants = table.remove("tenants");
        let mut warnings = Vec::new();
        let values = values(table, Sources { env: &env, folder }, &mut problems, &mut warnings);
        let tenants = tenants::tenants(tenants, &values["limits"], &mut problems);
        problems.sort();
        if !problems.is_empty() {
            return Err(ConfigError(problems));
        }
        let config: Self = serde_json::from_value(values.clone())
            .map_err(|error| ConfigError(vec![Problem::new(Place::Default, "", error.to_string())]))?;
        let config = config.beside(folder);
        let values = secrets::hidden(values);
        Ok(Self {
            tenants,
            templates,
            drivers,
            libraries,
            exec,
            schemes,
            rates,
            values,
            settings,
            warnings,
            ..config
        })
    }
}

/// The text of a file, or why it cannot be had.
pub(super) fn read(path: &Path) -> Result<String, String> {
    let shown = path.display();
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|file| file.take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes))
        .map_err(|error| format!("cannot read {shown}: {error}"))?;
    if bytes.len() as u64 > MAX_FILE_BYTES {
        return Err(format!("{shown} is larger than {MAX_FILE_BYTES} bytes"));
    }
    String::from_utf8(bytes)
        .map_err(|error| format!("{shown} is not UTF-8 (byte {})", error.utf8_error().valid_up_to() + 1))
}

/// The value of every key as nested JSON: what was written, else its default.
fn values(
    table: BTreeMap<String, Node>,
    sources: Sources<'_>,
    problems: &mut Vec<Problem>,
    warnings: &mut Vec<Problem>,
) -> Value {
    let mut written = flat(table, problems);
    let mut sections = Map::new();
    let mut places = BTreeMap::new();
    for key in keys() {
        let node = written.remove(key.name).or_else(|| node::parse_value(&Place::Default, key.default));
        let value = node.map_or(Ok(Value::Null), |node| {
            places.insert(key.name, node.place.clone());
            warnings.extend(secrets::inline(key, &node));
            let node = if key.kind.is_secret() { sources.resolved(node)? } else { node };
            check::checked(key.kind, &node)
        });
        match value {
            Ok(value) => {
                let section = sections.entry(key.section()).or_insert_with(|| Map::new().into());
                if let Value::Object(section) = section {
                    section.insert(key.short().to_owned(), value);
                }
            }
            Err(wrong) => problems.push(Problem::new(wrong.place, key.name, wrong.why).fix(wrong.fix)),
        }
    }
    problems.extend(written.iter().map(|(path, node)| unknown::unknown(&node.key, path)));
    let sections = Value::Object(sections);
    problems.extend(agreement::problems(&sections, &places));
    problems.extend(ORDERED.iter().filter_map(|pair| disorder(*pair, &sections, &places)));
    sections
}

/// Keys by dotted name, two levels deep.
fn flat(table: BTreeMap<String, Node>, problems: &mut Vec<Problem>) -> BTreeMap<String, Node> {
    let mut all = BTreeMap::new();
    for (section, node) in table {
        let known = keys().iter().any(|key| key.section() == section);
        match node.raw {
            Raw::Table(table) if known => {
                all.extend(table.into_iter().map(|(name, node)| (format!("{section}.{name}"), node)));
            }
            _ if known => problems.push(unknown::not_a_table(&section, &node)),
            _ => {
                all.insert(section, node);
            }
        }
    }
    all
}

fn disorder((low, high): (&str, &str), sections: &Value, places: &BTreeMap<&str, Place>) -> Option<Problem> {
    let at = |name: &str| sections.pointer(&format!("/{}", name.replace('.', "/"))).and_then(Value::as_u64);
    if at(low)? <= at(high)? {
        return None;
    }
    // The place of the one that was written: the other may be a default.
    let place =
        [low, high].iter().filter_map(|name| places.get(name)).find(|place| **place != Place::Default);
    let place = place.cloned().unwrap_or_default();
    Some(Problem::new(place, low, format!("above {high}")).fix("lower the first or raise the second"))
}
