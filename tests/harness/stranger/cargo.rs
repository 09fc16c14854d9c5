use std::{
    env,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
    time::Duration,
};

use serde_json::Value;

use super::place::{built, root};
use crate::command::{command, run};

/// How long one build may take, from nothing on a slow machine.
const LIMIT: Duration = Duration::from_secs(600);

/// One build at a time: Cargo would let the others wait for its lock, within their time limits.
static BUILDS: Mutex<()> = Mutex::new(());

/// Runs `cargo` with `arguments` in `folder`, and returns what it printed on standard output. What it says of a
/// failure fails the test.
#[track_caller]
pub(super) fn cargo(folder: &Path, arguments: &[&str]) -> String {
    let _turn = BUILDS.lock().unwrap_or_else(PoisonError::into_inner);
    let (target, profile) = built();
    // Cargo's own arguments end where those of the compiler or of the test begin.
    let end = arguments.iter().position(|one| *one == "--").unwrap_or(arguments.len());
    let (ours, theirs) = arguments.split_at(end);
    let release: &[&str] = if profile == "release" && ours != ["fmt"] { &["--release"] } else { &[] };
    let mut cargo = command(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()), LIMIT);
    cargo.args(ours).args(release).args(theirs).current_dir(folder);
    cargo.env("CARGO_TARGET_DIR", target).env("CARGO_TERM_COLOR", "never");
    let output = run(&mut cargo);
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    let end = match output.status.code() {
        Some(124) => format!("did not end within {LIMIT:?}"),
        _ => output.status.to_string(),
    };
    assert!(output.status.success(), "{arguments:?} in {}: {end}\n{out}\n{err}", folder.display());
    out.into_owned()
}

/// The dynamic library that a build with `--message-format json-render-diagnostics` made last.
#[track_caller]
pub(super) fn library_of(messages: &str) -> PathBuf {
    let messages = messages.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let files = messages.filter(|one| one["reason"] == "compiler-artifact").flat_map(|one| {
        let names = one["filenames"].as_array().cloned().unwrap_or_default();
        names.iter().filter_map(Value::as_str).map(PathBuf::from).collect::<Vec<_>>()
    });
    let mut libraries =
        files.filter(|one| one.extension().is_some_and(|end| end == env::consts::DLL_EXTENSION));
    // Macros are dynamic libraries too; what was asked for is built last.
    libraries.next_back().expect("a dynamic library: the package needs crate-type = [\"cdylib\"]")
}

/// The driver `package` of ours (`nuncio-driver-http`), built as a library from the same source.
#[must_use]
#[track_caller]
pub fn in_tree(package: &str) -> PathBuf {
    let messages = "--message-format=json-render-diagnostics";
    let wanted = ["rustc", "--offline", "--lib", "-p", package, "--crate-type", "cdylib", messages];
    library_of(&cargo(root(), &wanted))
}
