//! Programs in JavaScript, with the packages that the lockfiles in `tests/node` name.

use std::{path::PathBuf, process::Command};

/// `node` with `script` of the folder `tests/node/NAME`, as it is installed with its packages.
///
/// # Panics
/// When it is not installed.
#[must_use]
#[track_caller]
pub fn node(name: &str, script: &str) -> Command {
    let all = std::env::var_os("NUNCIO_NODE").map(PathBuf::from);
    let folder = all.unwrap_or_default().join(name);
    let path = folder.join(script);
    assert!(
        path.exists() && folder.join("installed").exists(),
        "`{script}` of tests/node/{name} is not in {}: `./tests/run` installs it and sets NUNCIO_NODE",
        folder.display()
    );
    let mut command = Command::new("node");
    command.arg(path).current_dir(folder);
    command
}
