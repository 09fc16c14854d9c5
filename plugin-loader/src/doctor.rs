//! All that is wrong with a library, at once: for `nuncio drivers doctor`.

use std::{path::Path, sync::Arc, time::Duration};

use nuncio_core::{Clock, Context, Refusal, SettingsError, net::Policy};
use serde_json::Value;

use crate::{
    library::{Library, LoadOptions},
    open::{Checked, Opened, remarks},
    schema::usable,
};

/// One thing that is wrong with a library, or that its author should know.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Finding {
    /// Where, what, and what to do.
    pub what: Refusal,
    /// Whether the host refuses the library for it.
    pub fatal: bool,
}

/// Looks at the library at `path` and says all that is wrong with it: nothing fatal = it loads, and takes `settings`
/// where they are given.
///
/// Without settings, no driver is made. This runs code of the library: call it in a process that may die, and not within
/// an asynchronous task.
#[must_use]
pub fn inspect(path: &Path, sha256: Option<&str>, settings: Option<Value>) -> Vec<Finding> {
    let fatal = |at: &str, why: String| Finding { what: Refusal::new(at, why), fatal: true };
    let (checked, wrong) = match Checked::look(path, sha256) {
        Ok(found) => found,
        Err(error) => return vec![fatal("file", error.to_string())],
    };
    if !wrong.is_empty() {
        return wrong.iter().map(|error| fatal("file", error.to_string())).collect();
    }
    let library = match Opened::load(checked) {
        Ok(opened) => Library::of(opened),
        Err(error) => return vec![fatal("library", error.to_string())],
    };
    let mut findings = Vec::new();
    for manifest in library.manifests() {
        let place = |what: Refusal| Refusal { at: format!("{}{}", manifest.name, what.at), ..what };
        let remarks = remarks(manifest);
        findings.extend(remarks.into_iter().map(|what| Finding { what: place(what), fatal: false }));
        if let Err(error) = usable(&manifest.settings) {
            findings.push(Finding { what: place(error), fatal: true });
            continue;
        }
        // Settings are those of one driver: of several, each is asked whether it takes them.
        if let Some(settings) = &settings {
            let wrong = refused(&library, &manifest.name, settings.clone());
            findings.extend(wrong.into_iter().map(|what| Finding { what: place(what), fatal: true }));
        }
    }
    findings
}

/// What the driver `name` refuses of `settings`; it is made, and shut down at once.
fn refused(library: &Library, name: &str, settings: Value) -> Vec<Refusal> {
    let context = Context::new(Arc::new(Epoch), Arc::new(Policy::default()), DEADLINE);
    match library.create(name, settings, &context, &LoadOptions::default()) {
        Ok(_) => Vec::new(),
        Err(SettingsError(refusals)) => refusals,
    }
}

/// The default total time of one attempt, as a driver that is only looked at is told.
const DEADLINE: Duration = Duration::from_secs(30);

/// A clock for a driver that is only looked at: it stands still.
struct Epoch;

impl Clock for Epoch {
    fn now_ms(&self) -> i64 {
        0
    }
}
