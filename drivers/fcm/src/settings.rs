//! The settings.

use std::{collections::BTreeMap, path::PathBuf};

use nuncio_plugin_sdk::{JsonSchema, Secret, schemars};
use serde::Deserialize;

/// `[drivers.fcm]`
#[derive(Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// The account of devices that name none; the only one, where there is but one.
    pub(crate) default_account: Option<String>,
    /// A PEM file of roots that are trusted besides the system's: for a proxy.
    pub(crate) ca_file: Option<PathBuf>,
    /// Accounts by name: `[drivers.fcm.accounts.NAME]`.
    pub(crate) accounts: BTreeMap<String, Written>,
}

/// `[drivers.fcm.accounts.NAME]`: a Firebase project.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Written {
    /// The JSON of a service account's key, as the Firebase console makes it: `{ file = "service-account.json" }`.
    pub(crate) service_account: Option<Secret>,
    /// The id of the project; that of the service account by default.
    pub(crate) project: Option<String>,
    /// Where FCM is reached, for a proxy: `https://HOST:PORT`. Access tokens come from where the service account says.
    pub(crate) url: Option<String>,
}
