//! `nuncio drivers show NAME`

use nuncio_core::{Dispatcher, Entry, Manifest, Origin, closest};
use serde_json::Value;

use super::schema::{Line, lines};
use crate::{
    cli::{
        fault::{Exit, Fault},
        output::{Output, Tone},
        table::Table,
    },
    drivers::{Standing, described, described_refusal},
};

/// Shows the driver `name`.
pub(super) fn run(dispatcher: &Dispatcher, name: &str, output: Output) -> Result<Exit, Fault> {
    if let Some(entry) = dispatcher.by_name(name) {
        if output.json {
            output.value(&described(entry), false);
        } else {
            whole(entry, output);
        }
        return Ok(Exit::Ok);
    }
    if let Some(refused) = dispatcher.refused().iter().find(|refused| refused.name == name) {
        let why = format!("{name} ({}) is refused: {}", refused.origin, refused.why);
        return Err(Fault::new(Exit::Config, why).detail("driver", described_refusal(refused)));
    }
    let names = dispatcher.entries().iter().map(|entry| entry.manifest.name.as_str());
    let names: Vec<_> = names.chain(dispatcher.refused().iter().map(|one| one.name.as_str())).collect();
    let hint = closest(name, names.iter().copied()).map_or_else(
        || format!("there are {}", names.join(", ")),
        |meant| format!("did you mean `{meant}`?"),
    );
    Err(Fault::new(Exit::Input, format!("no driver is called `{name}`: {hint}")))
}

fn whole(entry: &Entry, output: Output) {
    let standing = Standing::of(entry);
    let state = standing.why().map_or_else(|| standing.name().to_owned(), |why| format!("disabled: {why}"));
    let mut table = Table::plain();
    table.row(["driver", &format!("{} {}", entry.manifest.name, entry.manifest.version)]);
    table.row(["state", &state]);
    origin(&mut table, &entry.origin);
    about(&mut table, &entry.manifest);
    output.table(&table);
    schemas(&entry.manifest, output);
}

fn origin(table: &mut Table, origin: &Origin) {
    table.row(["origin", &origin.to_string()]);
    if let Some(abi) = origin.abi() {
        table.row(["ABI", &abi]);
    }
}

/// What a manifest says, line by line.
pub(super) fn about(table: &mut Table, manifest: &Manifest) {
    let limits = &manifest.limits;
    let schemes = if manifest.schemes.is_empty() { "none".to_owned() } else { manifest.schemes.join(", ") };
    let rows = [
        ("what it is", manifest.title.clone()),
        ("homepage", manifest.homepage.clone()),
        ("licence", manifest.license.clone()),
        ("schemes", schemes),
        ("methods", manifest.methods.join(", ")),
        ("content", word(&manifest.content)),
        ("network", word(&manifest.network)),
        ("idempotency", manifest.idempotency.clone()),
        ("carries", limits.formats.join(", ")),
        ("largest body", format!("{} bytes", limits.body_bytes)),
        ("longest text", limits.text_chars.map_or_else(String::new, |most| format!("{most} characters"))),
        ("in flight", format!("at most {} to one destination", limits.in_flight)),
        ("rate", limits.rate.map_or_else(String::new, |rate| format!("at most {rate} to one destination"))),
        ("batch", format!("at most {} at once", limits.batch)),
    ];
    for (name, value) in rows.iter().filter(|(_, value)| !value.is_empty()) {
        table.row([name, value]);
    }
}

/// Settings and options, for people.
pub(super) fn schemas(manifest: &Manifest, output: Output) {
    let settings = lines(&manifest.settings, &manifest.secrets);
    let options = lines(&manifest.options, &manifest.option_secrets);
    keys(&format!("Settings, under [drivers.{}]", manifest.name), &settings, output);
    keys("Options of a subscription", &options, output);
}

fn keys(heading: &str, all: &[Line], output: Output) {
    output.line(format!("\n{}", output.toned(Tone::Strong, heading)));
    if all.is_empty() {
        return output.line("none of its own");
    }
    let mut table = Table::new(&["key", "takes", "", "meaning"]);
    for line in all {
        table.row([&line.name, &line.kind, &line.notes, &line.doc]);
    }
    output.table(&table);
}

fn word(value: &impl serde::Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(Value::String(word)) => word,
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use nuncio_core::Registry;

    #[test]
    fn a_driver_that_is_not_there_is_asked_back_for() {
        let mut registry = Registry::default();
        let origin = Origin::Library { path: "/l/libacme.so".into(), abi: (0, 0) };
        let why = "not an ELF file".to_owned();
        registry.refuse(nuncio_core::Refused { name: "libacme.so".into(), origin, why });
        let dispatcher = registry.into_dispatcher();
        let output = Output::new(true);
        let fault = run(&dispatcher, "libacme.os", output).unwrap_err();
        assert!(
            fault.exit == Exit::Input && fault.to_string().contains("did you mean `libacme.so`?"),
            "{fault}"
        );
        let fault = run(&dispatcher, "libacme.so", output).unwrap_err();
        assert!(
            fault.exit == Exit::Config && fault.to_string().ends_with("refused: not an ELF file"),
            "{fault}"
        );
    }
}
