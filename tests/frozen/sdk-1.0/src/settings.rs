//! Settings and options.

use std::{collections::BTreeMap, path::PathBuf};

use nuncio_plugin_sdk::{Deserialize, JsonSchema, Secret, Serialize, Url};

/// Settings of every kind that a schema has.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(crate = "nuncio_plugin_sdk::serde", deny_unknown_fields)]
#[schemars(crate = "nuncio_plugin_sdk::schemars")]
pub struct Settings {
    /// Where the lines go.
    pub file: PathBuf,
    /// Where requests go.
    pub url: Option<Url>,
    /// A secret.
    pub token: Option<Secret>,
    /// A table.
    #[serde(default)]
    pub more: More,
    /// A list.
    #[serde(default)]
    pub names: Vec<String>,
    /// A map.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
}

/// A table within the settings.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(crate = "nuncio_plugin_sdk::serde", default, deny_unknown_fields)]
#[schemars(crate = "nuncio_plugin_sdk::schemars")]
pub struct More {
    /// A number.
    pub count: u32,
    /// A choice.
    pub mode: Mode,
}

/// A choice.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(crate = "nuncio_plugin_sdk::serde", rename_all = "lowercase")]
#[schemars(crate = "nuncio_plugin_sdk::schemars")]
pub enum Mode {
    /// This.
    #[default]
    Plain,
    /// That.
    Fancy,
}

/// Options of a subscription.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(crate = "nuncio_plugin_sdk::serde", default)]
#[schemars(crate = "nuncio_plugin_sdk::schemars")]
pub struct Written {
    /// What is to come of it: an outcome by its name, `http`, `connect` or `panic`.
    pub what: String,
    /// A secret.
    pub secret: Option<Secret>,
}
