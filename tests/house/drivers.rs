//! The host names no driver but in its import list.

use std::fs;

use crate::sources::{Source, refuse, root, rust};

const IMPORTS: &str = "host/src/drivers.rs";
/// Shows what it can do with the drivers it knows to be there, so it names them.
const DEMO: &str = "host/src/cli/demo";
/// Shows an example of every configuration key.
const KEYS: &str = "host/src/config/keys.rs";

/// The names of the drivers in the tree: their folders.
pub(crate) fn names() -> Vec<String> {
    let entries = fs::read_dir(root().join("drivers")).unwrap().map(Result::unwrap);
    let folders = entries.filter(|entry| entry.path().is_dir());
    folders.map(|entry| entry.file_name().into_string().unwrap()).collect()
}

fn host() -> impl Iterator<Item = Source> {
    rust("host/src/").into_iter().filter(|one| one.path != IMPORTS && !one.is_test())
}

#[test]
fn every_driver_stands_in_the_import_list_and_nowhere_else() {
    let list = fs::read_to_string(root().join(IMPORTS)).expect("the import list of the host");
    for name in names() {
        let line = format!("#[cfg(feature = \"driver-{name}\")]\nuse nuncio_driver_{name} as _;");
        assert!(list.contains(&line), "{IMPORTS} must hold:\n{line}\nwithout it the linker drops the driver");
    }
    let elsewhere: Vec<String> = host()
        .flat_map(|one| {
            let named =
                |line: &str| names().iter().any(|name| line.contains(&format!("nuncio_driver_{name}")));
            let lines = one.code().filter(|(_, line)| named(line));
            lines.map(|(n, line)| format!("{}:{n}: {line}", one.path)).collect::<Vec<_>>()
        })
        .collect();
    refuse(&elsewhere, "ask the registry for whoever serves the scheme");
}

/// `http` and `log` are also the names of the host's own configuration section and of a common word, so they count
/// only where they are written as a scheme.
#[test]
fn the_host_knows_no_scheme_of_a_driver() {
    let telling: Vec<String> = names()
        .into_iter()
        .filter(|name| name != "http")
        .flat_map(|name| {
            [
                format!("\"{name}:"),
                if name == "log" { "\"log://\"".to_owned() } else { format!("\"{name}\"") },
            ]
        })
        .collect();
    let offences: Vec<String> = host()
        .filter(|one| !one.path.starts_with(DEMO) && one.path != KEYS)
        .flat_map(|one| {
            let lines = one.code().filter(|(_, line)| telling.iter().any(|literal| line.contains(literal)));
            lines.map(|(n, line)| format!("{}:{n}: {}", one.path, line.trim())).collect::<Vec<_>>()
        })
        .collect();
    refuse(&offences, "what differs by driver belongs into the driver or its manifest");
}
