//! The command.

use std::{
    io,
    path::{Path, PathBuf},
};

use nuncio_core::registry::linked_manifests;
use serde_json::json;

use super::{
    files::{self, Blanks},
    name::{Name, Scheme},
    sdk::Sdk,
};
use crate::cli::{
    fault::{Exit, Fault},
    output::{Output, Tone},
};

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Arguments {
    /// What it is called, as in `[drivers.NAME]`: lower-case letters, digits and `-`
    name: String,
    /// The folder, which must be empty if it is there [default: ./NAME]
    #[arg(long, value_name = "DIR")]
    path: Option<PathBuf>,
    /// The URI scheme that it serves [default: NAME]
    #[arg(long, value_name = "S")]
    scheme: Option<String>,
    /// The SDK: a version, or its folder in a checkout [default: the one of this program]
    #[arg(long, value_name = "PATH|VERSION")]
    sdk: Option<String>,
}

pub(in crate::cli) fn run(wanted: &Arguments, output: Output) -> Result<Exit, Fault> {
    let usage = |why: String| Fault::new(Exit::Usage, why);
    let linked: Vec<_> = linked_manifests().into_iter().map(|(manifest, _)| manifest).collect();
    let taken: Vec<String> = linked.iter().map(|manifest| manifest.name.clone()).collect();
    let name = Name::parse(&wanted.name, &taken).map_err(usage)?;
    let scheme = Scheme::parse(wanted.scheme.as_deref().unwrap_or(name.as_str())).map_err(usage)?;
    let sdk = Sdk::find(wanted.sdk.as_deref()).map_err(usage)?;
    let folder = wanted.path.clone().unwrap_or_else(|| PathBuf::from(name.as_str()));
    let files = files::write(&folder, &Blanks::new(&name, &scheme, &sdk))
        .map_err(|error| unwritten(&folder, &error))?;
    let rival = linked.iter().find(|manifest| manifest.schemes.contains(&scheme.name));
    let next = next(&folder, &scheme);
    if output.json {
        let value = json!({
            "path": folder, "package": name.package(), "scheme": scheme.name, "sdk": sdk.json(), "files": files,
            "next": next, "rival": rival.map(|manifest| &manifest.name),
        });
        output.value(&value, false);
        return Ok(Exit::Ok);
    }
    let made = output.toned(Tone::Good, &format!("{} is in {}", name.package(), folder.display()));
    output.line(format!("{made}, with {}\n", sdk.shown()));
    if let Some(rival) = rival {
        output.line(format!(
            "`{scheme}` is served by `{rival}` in this program: a host with both needs [schemes] {scheme} = \"{name}\"\n",
            scheme = scheme.name,
            rival = rival.name,
            name = name.as_str(),
        ));
    }
    output.line("Next:");
    for command in next {
        output.line(format!("  {command}"));
    }
    output.line("\nThen make src/driver.rs yours; docs/writing-a-driver.md says how.");
    Ok(Exit::Ok)
}

/// From here to a delivery.
fn next(folder: &Path, scheme: &Scheme) -> [String; 3] {
    [
        format!("cd {} && cargo test", folder.display()),
        "cargo build --release".to_owned(),
        format!("nuncio send {} --body Hello --dry-run", scheme.example),
    ]
}

fn unwritten(folder: &Path, error: &io::Error) -> Fault {
    let shown = folder.display();
    match error.kind() {
        io::ErrorKind::DirectoryNotEmpty => {
            Fault::new(Exit::Usage, format!("{shown} is not empty: name another folder with --path"))
        }
        io::ErrorKind::NotADirectory | io::ErrorKind::AlreadyExists => {
            Fault::new(Exit::Usage, format!("{shown} is a file: name another folder with --path"))
        }
        _ => Fault::new(Exit::System, format!("{shown} cannot be written: {error}")),
    }
}
