//! A driver's crate as the library that a host loads.

use std::{
    collections::BTreeMap,
    env, fmt,
    path::{Path, PathBuf},
    process::{Output, Stdio},
    sync::{Mutex, PoisonError},
    time::Duration,
};

use nuncio_plugin_loader::Library;
use serde_json::Value;
use tokio::{process::Command, runtime::Builder, time::timeout};

/// How long Cargo may build the library. From an empty target directory it is all of the driver's dependencies.
const BUILD_TIME: Duration = Duration::from_secs(900);
/// The most lines of Cargo's output that are shown.
const MOST_LINES: usize = 60;

/// In which form a driver is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Packaging {
    /// Linked into the test, as into a host that was built with it.
    Linked,
    /// Built as a dynamic library and loaded.
    Loaded,
}

impl fmt::Display for Packaging {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Linked => "linked",
            Self::Loaded => "loaded as a library",
        })
    }
}

/// Builds the crate in `package` as a library and loads it; a second call has what the first came to.
pub(super) fn library(package: &Path, features: &[String]) -> Result<Library, String> {
    type Built = Mutex<BTreeMap<(PathBuf, Vec<String>), Result<Library, String>>>;
    static BUILT: Built = Mutex::new(BTreeMap::new());
    let mut built = BUILT.lock().unwrap_or_else(PoisonError::into_inner);
    built.entry((package.to_owned(), features.to_vec())).or_insert_with(|| fresh(package, features)).clone()
}

fn fresh(package: &Path, features: &[String]) -> Result<Library, String> {
    let file = build(package, features)?;
    Library::open(&file, None).map_err(|error| format!("the host refuses the library: {error}"))
}

fn build(package: &Path, features: &[String]) -> Result<PathBuf, String> {
    let mut command = command(package, features);
    let told = format!("{:?}", command.as_std()).replace('"', "");
    let runtime = Builder::new_current_thread().enable_all().build().map_err(|error| error.to_string())?;
    let output = runtime.block_on(async { timeout(BUILD_TIME, command.output()).await });
    let output = match output {
        Ok(Ok(output)) => output,
        Ok(Err(error)) => return Err(format!("cannot run {told}: {error}")),
        Err(_) => return Err(format!("{told} did not end within {} s", BUILD_TIME.as_secs())),
    };
    match artifact(&output) {
        Some(file) if output.status.success() => Ok(file),
        _ => Err(format!("{told} made no library:\n{}", last_lines(&output))),
    }
}

/// Cargo as it built this test: the same target directory and profile, so that little is compiled anew.
fn command(package: &Path, features: &[String]) -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.kill_on_drop(true).stdin(Stdio::null()).current_dir(package);
    // What Cargo tells this test of its package would be new to build scripts, and they would run again.
    for (name, _) in env::vars_os() {
        let name = name.to_string_lossy();
        if ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_", "CARGO_CRATE_NAME"]
            .iter()
            .any(|one| name.starts_with(one))
        {
            command.env_remove(&*name);
        }
    }
    command.args(["rustc", "--lib", "--crate-type", "cdylib", "--message-format", "json-render-diagnostics"]);
    if let Some((target, profile)) = place() {
        command.arg("--target-dir").arg(target);
        match profile.as_str() {
            "debug" => {}
            "release" => {
                command.arg("--release");
            }
            other => {
                command.args(["--profile", other]);
            }
        }
    }
    if !features.is_empty() {
        command.args(["--features", &features.join(",")]);
    }
    if package.ancestors().any(|folder| folder.join("Cargo.lock").exists()) {
        command.arg("--offline");
    }
    command
}

/// The target directory and the profile of this test, which is `TARGET/PROFILE/deps/NAME`.
fn place() -> Option<(PathBuf, String)> {
    let test = env::current_exe().ok()?;
    let deps = test.parent().filter(|folder| folder.ends_with("deps"))?;
    let profile = deps.parent()?;
    Some((profile.parent()?.to_owned(), profile.file_name()?.to_str()?.to_owned()))
}

/// The library that Cargo says it made.
fn artifact(output: &Output) -> Option<PathBuf> {
    let messages = String::from_utf8_lossy(&output.stdout);
    let made = messages.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let ending = env::consts::DLL_SUFFIX;
    let files = made
        .filter(|message| message["reason"] == "compiler-artifact")
        .filter(|message| {
            message["target"]["crate_types"].as_array().is_some_and(|all| all.contains(&"cdylib".into()))
        })
        .filter_map(|message| {
            let names = message["filenames"].as_array()?.iter().filter_map(Value::as_str);
            names.filter(|name| name.ends_with(ending)).map(PathBuf::from).next()
        });
    // The driver's own library is the last of those that were made for it.
    files.fold(None, |_, file| Some(file))
}

fn last_lines(output: &Output) -> String {
    let text = String::from_utf8_lossy(&output.stderr);
    let lines: Vec<_> = text.lines().collect();
    lines.get(lines.len().saturating_sub(MOST_LINES)..).unwrap_or_default().join("\n")
}
