//! All that is wrong with a library, at once: for `nuncio drivers doctor`.

use std::path::Path;

use nuncio_core::Refusal;
use serde_json::Value;

use crate::library::Library;

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
/// This runs code of the library: call it in a process that may die.
#[must_use]
pub fn inspect(path: &Path, sha256: Option<&str>, settings: Option<Value>) -> Vec<Finding> {
    let _: Option<Value> = settings;
    Library::open(path, sha256)
        .err()
        .map(|error| Finding { what: Refusal::new("", error.to_string()), fatal: true })
        .into_iter()
        .collect()
}
