//! The same driver in all its packagings.

use std::{
    env,
    path::{Path, PathBuf},
    process::Command,
    sync::Arc,
    time::{Duration, SystemTime},
};

use anyhow::{Context as _, Result, ensure};
use nuncio_core::{Clock, Context, Driver, net::Policy, registry::linked_manifests};
use nuncio_plugin_loader::{ExecDriver, ExecOptions, Library, LoadOptions};
use serde_json::{Value, json};

use crate::{
    child,
    measure::{Cost, Letter, cost},
};

#[path = "../drivers/noop.rs"]
mod noop;

/// What a driver is measured with, by name.
type Row = (&'static str, Cost);

struct System;

impl Clock for System {
    #[allow(clippy::disallowed_methods, reason = "this is where the time of this program comes from")]
    fn now_ms(&self) -> i64 {
        SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_millis() as i64)
    }
}

fn context() -> Context {
    Context::new(Arc::new(System), Arc::new(Policy::default()), Duration::from_secs(30))
}

/// Measures all of them; the first is the bare async call.
pub(crate) async fn all(deliveries: usize, slow: usize) -> Result<Vec<Row>> {
    let (folder, context) = (tempfile::tempdir()?, context());
    let mut rows = vec![
        ("linked: a bare async call", one(&*linked("noop", &context)?, "noop:x", deliveries).await?),
        ("linked, many at once", one(&*linked("batch", &context)?, "batch:x", deliveries).await?),
    ];
    let c = Library::open(&compiled(folder.path())?, None)?;
    rows.push(("loaded, C", one_of(&c, "noop-c", &context, deliveries).await?));
    let rust = Library::open(&beside()?, None)?;
    rows.push(("loaded, Rust, answers at once", one_of(&rust, "noop", &context, deliveries).await?));
    rows.push(("loaded, Rust, many at once", one_of(&rust, "batch", &context, deliveries).await?));
    rows.push(("loaded, Rust, in a task", one_of(&rust, "later", &context, slow).await?));
    let command = [env::current_exe()?.display().to_string(), child::FLAG.to_owned()];
    let exec = ExecDriver::start("noop-exec", &command, json!({}), &context, ExecOptions::default()).await?;
    rows.push(("exec (this side of the pipe)", one(&*exec, "noop-exec:x", slow).await?));
    exec.shutdown(Duration::from_secs(1)).await;
    Ok(rows)
}

async fn one(driver: &dyn Driver, uri: &str, deliveries: usize) -> Result<Cost> {
    cost(driver, &Letter::to(uri)?, deliveries).await.with_context(|| uri.to_owned())
}

async fn one_of(library: &Library, name: &str, context: &Context, deliveries: usize) -> Result<Cost> {
    let driver = library.create(name, json!({}), context, &LoadOptions::default())?;
    let cost = one(&*driver, &format!("{name}:x"), deliveries).await;
    driver.shutdown(Duration::from_secs(1)).await;
    cost
}

fn linked(name: &str, context: &Context) -> Result<Arc<dyn Driver>> {
    let found = linked_manifests().into_iter().find(|(manifest, _)| manifest.name == name);
    let (_, linked) = found.with_context(|| format!("`{name}` is not linked"))?;
    Ok((linked.create)(Value::Null, context)?)
}

/// The library that Cargo builds of the same source.
fn beside() -> Result<PathBuf> {
    let path = env::current_exe()?.with_file_name("examples").join("libnoop.so");
    ensure!(
        path.exists(),
        "{} is not there: cargo build --release -p nuncio-benches --examples",
        path.display()
    );
    Ok(path)
}

/// The C driver, compiled as its author would.
fn compiled(folder: &Path) -> Result<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let path = folder.join("noop.so");
    let status = Command::new("cc")
        .args(["-std=c99", "-O2", "-shared", "-fPIC", "-I"])
        .arg(root.join("../plugin-sdk/include"))
        .arg("-o")
        .args([&path, &root.join("drivers/noop.c")])
        .status()
        .context("cc, the C compiler")?;
    ensure!(status.success(), "the C driver does not compile: {status}");
    Ok(path)
}
