//! `[drivers.http]`.

use std::path::PathBuf;

use nuncio_plugin_sdk::{JsonSchema, schemars};
use serde::Deserialize;

/// The settings of the webhook driver; each has a default.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// A PEM file of roots that are trusted besides the system's.
    pub(crate) ca_file: Option<PathBuf>,
    /// The `User-Agent`; `Nuncio/VERSION` when absent.
    pub(crate) user_agent: Option<String>,
}
