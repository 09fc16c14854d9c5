//! `nuncio check`: everything that is wrong with the configuration, before anything starts.

use std::{collections::BTreeMap, path::PathBuf};

use nuncio_core::{Dispatcher, Entry};
use serde_json::json;

use super::{
    arguments::Shared,
    crew::Crew,
    drivers::{listed, show},
    fault::{Exit, Fault},
    output::{Output, Tone},
};
use crate::{
    app::StartError,
    config::{Config, ConfigError, Key, Place, Problem, Template, keys, reference, tables},
    confirmation,
    drivers::Roster,
    render::Renderer,
    served::unserved,
    storage::sqlite,
};

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// List every key with its default, unit and meaning, as Markdown
    #[arg(long)]
    keys: bool,
    /// Look at every page and every value of the database too; a host may be at work on it
    #[arg(long, conflicts_with = "keys")]
    database: bool,
}

pub(super) async fn run(arguments: &Arguments, shared: &Shared, output: Output) -> Result<Exit, Fault> {
    if arguments.keys {
        print_keys(output);
        return Ok(Exit::Ok);
    }
    let mut config = shared.load()?;
    if arguments.database {
        return database(config.storage.path().to_path_buf(), output).await;
    }
    let crew = Crew::whatever(&mut config).await;
    let problems = problems(&config, crew.roster());
    let told = if problems.is_empty() {
        tell(&config, crew.dispatcher(), shared, output);
        Ok(Exit::Ok)
    } else {
        Err(ConfigError(problems).into())
    };
    crew.leave().await;
    told
}

fn tell(config: &Config, dispatcher: &Dispatcher, shared: &Shared, output: Output) {
    let warnings = warnings(config, dispatcher);
    let file = shared.file();
    let file = file
        .as_ref()
        .map_or_else(|| "defaults and environment".to_owned(), |path| path.display().to_string());
    if output.json {
        let drivers = listed(dispatcher);
        let value = json!({"valid": true, "configuration": file, "warnings": warnings, "drivers": drivers});
        return output.value(&value, false);
    }
    output.line(format!("{} ({file})\n", output.toned(Tone::Good, "The configuration is valid")));
    for warning in &warnings {
        output.line(format!("{}: {warning}\n", output.toned(Tone::Later, "warning")));
    }
    show(dispatcher, output);
    output.line(format!(
        "\nListens on {}://{}, keeps everything in {}",
        if config.http.tls.is_some() { "https" } else { "http" },
        config.http.listen,
        config.storage.path().display()
    ));
}

async fn database(path: PathBuf, output: Output) -> Result<Exit, Fault> {
    let looked = path.clone();
    let looking = tokio::task::spawn_blocking(move || sqlite::examine(&looked));
    let faults = looking.await.map_err(|error| Fault::new(Exit::System, error))?;
    let faults = faults.map_err(StartError::from)?;
    if !faults.is_empty() {
        let advice = "restore a backup, or save what can be read as docs/operations.md says";
        let message = format!("{} is damaged; {advice}:\n{}", path.display(), faults.join("\n"));
        return Err(Fault::new(Exit::Input, message).detail("faults", json!(faults)));
    }
    if output.json {
        output.value(&json!({"sound": true, "database": path}), false);
    } else {
        output.line(format!("{} is sound", path.display()));
    }
    Ok(Exit::Ok)
}

fn print_keys(output: Output) {
    if output.json {
        let json = |key: &Key, variable: Option<String>| {
            json!({
                "name": key.name, "variable": variable, "default": key.default, "unit": key.unit,
                "example": key.example, "doc": key.doc,
            })
        };
        let sections = keys().iter().map(|key| json(key, Some(key.variable())));
        let lists = tables().iter().flat_map(|table| table.keys).map(|key| json(key, None));
        output.value(&sections.chain(lists).collect(), false);
    } else {
        output.line(reference().trim_end());
    }
}

/// Everything that the drivers, the templates and the rest refuse; also what a host would run without.
fn problems(config: &Config, roster: &Roster) -> Vec<Problem> {
    let mut problems: Vec<_> = roster.errors().iter().chain(roster.refusals()).cloned().collect();
    problems.extend(config.templates.iter().filter_map(unreadable));
    if problems.is_empty() {
        problems = unserved(config, roster.dispatcher());
    }
    problems.sort();
    problems
}

/// What is wrong with one template: a renderer of all stops at the first.
fn unreadable((name, template): (&String, &Template)) -> Option<Problem> {
    let templates = BTreeMap::from([(name.clone(), template.clone())]);
    let error = Renderer::new(&Config { templates, ..Config::default() }).err()?;
    Some(Problem::new(Place::default(), "templates", error.to_string()))
}

/// Secrets that stand in the file itself.
fn warnings(config: &Config, dispatcher: &Dispatcher) -> Vec<Problem> {
    let inline = |(driver, pattern): (String, String)| {
        let found = config.settings.exactly(&driver, &pattern).filter(|(_, setting)| !setting.referenced);
        let told = found.map(|(pointer, setting)| {
            let path = format!("drivers.{driver}{}", pointer.replace('/', "."));
            Problem::new(setting.place.clone(), &path, "a secret stands in the file")
                .fix("write { env = \"NAME\" } or { file = \"PATH\" }")
        });
        told.collect::<Vec<_>>()
    };
    let secrets = |entry: &Entry| {
        let name = entry.manifest.name.clone();
        entry.manifest.secrets.clone().into_iter().map(move |pointer| (name.clone(), pointer))
    };
    let of_drivers = dispatcher.entries().iter().flat_map(secrets).flat_map(inline);
    let silent = confirmation::unanswerable(config, dispatcher)
        .map(|why| Problem::new(Place::default(), "notification.require_confirmation", why));
    config.warnings.iter().cloned().chain(of_drivers).chain(silent).collect()
}
