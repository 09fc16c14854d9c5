//! `nuncio drivers`

use std::sync::Arc;

use clap::Subcommand;
use nuncio_core::{Dispatcher, Entry};
use serde_json::{Value, json};

use super::{
    arguments::Shared,
    check::problems_of,
    fault::{Exit, Fault},
    output::{Output, Tone},
    table::Table,
};
use crate::{
    clock::System,
    config::{Config, ConfigError},
    drivers,
};

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Clone, Copy, Debug, Subcommand)]
enum Command {
    /// List them: what they serve, and whether they can deliver
    List,
}

pub(super) fn run(arguments: &Arguments, shared: &Shared, output: Output) -> Result<Exit, Fault> {
    let dispatcher = dispatcher(&shared.load()?)?;
    match arguments.command {
        Command::List if output.json => {
            output.value(&dispatcher.entries().iter().map(described).collect(), false);
        }
        Command::List => show(&dispatcher, output),
    }
    Ok(Exit::Ok)
}

/// The drivers as the configuration makes them.
pub(super) fn dispatcher(config: &Config) -> Result<Dispatcher, Fault> {
    let registry = drivers::registry(config, Arc::new(System))
        .map_err(|error| ConfigError(problems_of(&error, config)))?;
    Ok(registry.into_dispatcher())
}

/// One driver for programs: its manifest, where it came from, and why it cannot deliver.
pub(super) fn described(entry: &Entry) -> Value {
    let mut value = serde_json::to_value(&*entry.manifest).unwrap_or_default();
    if let Value::Object(map) = &mut value {
        map.insert("origin".to_owned(), entry.origin.name().into());
        map.insert("disabled".to_owned(), json!(entry.driver.disabled()));
    }
    value
}

/// All drivers for people.
pub(super) fn show(dispatcher: &Dispatcher, output: Output) {
    let mut table = Table::new(&["driver", "version", "schemes", "state", "what it is"]);
    for Entry { manifest, driver, .. } in dispatcher.entries() {
        let state = if driver.disabled().is_some() { "disabled" } else { "ready" };
        table.row([&manifest.name, &manifest.version, &manifest.schemes.join(", "), state, &manifest.title]);
    }
    output.table(&table);
    for Entry { manifest, driver, .. } in dispatcher.entries() {
        if let Some(why) = driver.disabled() {
            let word = output.toned(Tone::Later, "disabled");
            output.line(format!("\n{} is {word}: {why}; until then its deliveries wait", manifest.name));
        }
    }
}
