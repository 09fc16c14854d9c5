//! The child of `nuncio drivers doctor`: runs code of the library, which may end this process in any way.

use std::{
    io::{Read as _, Write as _},
    path::{Path, PathBuf},
};

use nuncio_core::{Manifest, Refusal};
use nuncio_plugin_loader::{Library, inspect};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::cli::fault::{Exit, Fault};

/// The largest settings that are read, bytes.
const MAX_SETTINGS: u64 = 1 << 20;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The library
    path: PathBuf,
    /// The SHA-256 that it must have
    #[arg(long)]
    sha256: Option<String>,
    /// Read settings as JSON from standard input
    #[arg(long)]
    settings: bool,
}

/// What the child found.
#[derive(Debug, Default, PartialEq, Deserialize, Serialize)]
pub(super) struct Findings {
    pub(super) findings: Vec<Found>,
    pub(super) abi: Option<(u16, u16)>,
    pub(super) drivers: Vec<Manifest>,
}

/// One thing that is wrong, or worth knowing.
#[derive(Debug, PartialEq, Eq, Deserialize, Serialize)]
pub(super) struct Found {
    #[serde(flatten)]
    pub(super) what: Refusal,
    /// Whether a host refuses the library for it.
    pub(super) fatal: bool,
}

/// Looks at the library and prints what it found as one line of JSON, the last of standard output.
pub(super) fn run(wanted: Arguments) -> Result<Exit, Fault> {
    let settings = if wanted.settings { Some(settings()?) } else { None };
    let found = look(&wanted.path, wanted.sha256.as_deref(), settings);
    let line = serde_json::to_string(&found).map_err(|error| Fault::new(Exit::System, error))?;
    // What the library printed may lack its line break.
    writeln!(std::io::stdout(), "\n{line}").unwrap_or_default();
    Ok(Exit::Ok)
}

fn settings() -> Result<Value, Fault> {
    let mut text = String::new();
    std::io::stdin()
        .take(MAX_SETTINGS)
        .read_to_string(&mut text)
        .map_err(|error| Fault::new(Exit::System, format!("standard input cannot be read: {error}")))?;
    serde_json::from_str(&text).map_err(|error| Fault::new(Exit::Input, format!("--settings: {error}")))
}

fn look(path: &Path, sha256: Option<&str>, settings: Option<Value>) -> Findings {
    let findings = inspect(path, sha256, settings);
    let findings: Vec<_> =
        findings.into_iter().map(|one| Found { what: one.what, fatal: one.fatal }).collect();
    let library = Library::open(path, sha256).ok();
    Findings {
        findings,
        abi: library.as_ref().map(Library::abi),
        drivers: library.map_or_else(Vec::new, |library| library.manifests().to_vec()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_no_library_is_a_fatal_finding_and_survives_json() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let found = look(file.path(), None, None);
        assert!(found.findings.iter().any(|one| one.fatal) && found.drivers.is_empty(), "{found:?}");
        let text = serde_json::to_string(&found).unwrap();
        assert_eq!(serde_json::from_str::<Findings>(&text).unwrap(), found);
    }
}
