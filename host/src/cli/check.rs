//! `nuncio check`: everything that is wrong with the configuration, before anything starts.

use std::{collections::BTreeMap, sync::Arc};

use nuncio_core::{
    Dispatcher, Registry,
    registry::{RegistryError, linked_manifests},
};
use serde_json::{Value, json};

use super::{
    arguments::Shared,
    drivers::{described, show},
    fault::{Exit, Fault},
    output::{Output, Tone},
};
use crate::{
    clock::System,
    config::{Config, ConfigError, Place, Problem, Template, keys, reference},
    drivers,
    render::Renderer,
};

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// List every key with its default, unit and meaning, as Markdown
    #[arg(long)]
    keys: bool,
}

pub(super) fn run(arguments: &Arguments, shared: &Shared, output: Output) -> Result<Exit, Fault> {
    if arguments.keys {
        print_keys(output);
        return Ok(Exit::Ok);
    }
    let config = shared.load()?;
    let dispatcher = checked(&config)?;
    let warnings = warnings(&config);
    let file = shared.file();
    let file = file
        .as_ref()
        .map_or_else(|| "defaults and environment".to_owned(), |path| path.display().to_string());
    if output.json {
        let drivers: Value = dispatcher.entries().iter().map(described).collect();
        let value = json!({"valid": true, "configuration": file, "warnings": warnings, "drivers": drivers});
        output.value(&value, false);
        return Ok(Exit::Ok);
    }
    output.line(format!("{} ({file})\n", output.toned(Tone::Good, "The configuration is valid")));
    for warning in &warnings {
        output.line(format!("{}: {warning}\n", output.toned(Tone::Later, "warning")));
    }
    show(&dispatcher, output);
    output.line(format!(
        "\nListens on http://{}, keeps everything in {}",
        config.http.listen,
        config.storage.path().display()
    ));
    Ok(Exit::Ok)
}

fn print_keys(output: Output) {
    if output.json {
        let key = |key: &crate::config::Key| {
            json!({
                "name": key.name, "variable": key.variable(), "default": key.default, "unit": key.unit,
                "example": key.example, "doc": key.doc,
            })
        };
        output.value(&keys().iter().map(key).collect(), false);
    } else {
        output.line(reference().trim_end());
    }
}

/// The drivers, or everything that they, the templates and the rest refuse.
fn checked(config: &Config) -> Result<Dispatcher, Fault> {
    let mut problems = Vec::new();
    let registry = registry(config.clone(), &mut problems);
    problems.extend(config.templates.iter().filter_map(unreadable));
    match registry {
        Some(registry) if problems.is_empty() => {
            let dispatcher = registry.into_dispatcher();
            let unserved = unserved(config, &dispatcher);
            if unserved.is_empty() { Ok(dispatcher) } else { Err(ConfigError(unserved).into()) }
        }
        _ => {
            problems.sort();
            Err(ConfigError(problems).into())
        }
    }
}

/// What is wrong with one template: a renderer of all stops at the first.
fn unreadable((name, template): (&String, &Template)) -> Option<Problem> {
    let templates = BTreeMap::from([(name.clone(), template.clone())]);
    let error = Renderer::new(&Config { templates, ..Config::default() }).err()?;
    Some(Problem::new(Place::default(), "templates", error.to_string()))
}

/// The registry stops at the first driver that refuses its settings: without them the others are asked too.
fn registry(mut config: Config, problems: &mut Vec<Problem>) -> Option<Registry> {
    loop {
        let error = match drivers::registry(&config, Arc::new(System)) {
            Ok(registry) => return Some(registry),
            Err(error) => error,
        };
        problems.extend(problems_of(&error, &config));
        let RegistryError::Settings { driver, .. } = error else { return None };
        config.drivers.remove(&driver)?;
    }
}

/// What the registry refuses, with the places in the configuration.
pub(super) fn problems_of(error: &RegistryError, config: &Config) -> Vec<Problem> {
    let RegistryError::Settings { driver, error } = error else {
        return vec![Problem::new(Place::default(), "drivers", error.to_string())];
    };
    let problem = |refusal: &nuncio_core::Refusal| {
        let section = format!("/drivers/{driver}");
        let pointer = refusal.at.strip_prefix(&section).unwrap_or(&refusal.at);
        let setting = config.settings.at(driver, pointer);
        let key = pointer.trim_matches('/').replace('/', ".");
        let path =
            if key.is_empty() { format!("drivers.{driver}") } else { format!("drivers.{driver}.{key}") };
        let place = setting.map(|setting| setting.place.clone()).unwrap_or_default();
        Problem::new(place, &path, &refusal.why).fix(&refusal.fix)
    };
    error.0.iter().map(problem).collect()
}

fn unserved(config: &Config, dispatcher: &Dispatcher) -> Vec<Problem> {
    let wanted = config.notification.subscriber_types.iter().flatten();
    let unserved = wanted.filter(|scheme| dispatcher.by_scheme(scheme).is_none());
    let problem = |scheme: &String| {
        let why = format!("no driver in this program serves `{scheme}`");
        Problem::new(Place::default(), "notification.subscriber_types", why).fix(format!(
            "it has {}: build it with that driver, or remove the scheme",
            dispatcher.schemes().join(", ")
        ))
    };
    unserved.map(problem).collect()
}

/// Secrets that stand in the file itself.
fn warnings(config: &Config) -> Vec<Problem> {
    let inline = |(driver, pointer): (String, String)| {
        let setting = config.settings.exactly(&driver, &pointer).filter(|setting| !setting.referenced)?;
        let path = format!("drivers.{driver}{}", pointer.replace('/', "."));
        Some(
            Problem::new(setting.place.clone(), &path, "a secret stands in the file")
                .fix("write { env = \"NAME\" } or { file = \"PATH\" }"),
        )
    };
    linked_manifests()
        .into_iter()
        .flat_map(|(manifest, _)| {
            manifest.secrets.into_iter().map(move |pointer| (manifest.name.clone(), pointer))
        })
        .filter_map(inline)
        .collect()
}
