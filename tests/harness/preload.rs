//! Libraries that are preloaded into the program under test and answer some calls of the system in its place.

use std::{path::PathBuf, time::Duration};

use crate::{
    command::{command, succeed},
    folder::Folder,
};

/// Compiles the C `source` to `NAME.so` in `folder` with the system's compiler, for `LD_PRELOAD`.
#[track_caller]
pub(crate) fn compile(folder: &Folder, name: &str, source: &str) -> PathBuf {
    let library = folder.join(&format!("{name}.so"));
    let source = folder.write(&format!("{name}.c"), source);
    let mut compiler = command("cc", Duration::from_secs(60));
    compiler.args(["-shared", "-fPIC", "-O2", "-Wall", "-Wextra", "-Werror", "-o"]).arg(&library).arg(source);
    succeed(compiler.args(["-ldl", "-lpthread"]));
    library
}
