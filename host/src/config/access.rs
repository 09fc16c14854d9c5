//! The sections that say who clients are: `[auth]`, `[keystone]`, and parts of `[http]`.

use std::{path::Path, time::Duration};

use nuncio_plugin_sdk::Secret;
use serde::Deserialize;

use super::model::{Config, millis};
use crate::tenants::Quota;

/// `[auth]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Auth {
    /// How clients prove who they are.
    pub strategy: Strategy,
    /// The most API keys.
    pub max_keys: u64,
    /// Roles that may do everything, lower case.
    pub admin_roles: Vec<String>,
    /// Roles that may do everything of their project, lower case.
    pub member_roles: Vec<String>,
    /// Roles that may look, lower case.
    pub reader_roles: Vec<String>,
    /// Roles that may post, lower case.
    pub publisher_roles: Vec<String>,
}

/// `auth.strategy`
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Strategy {
    /// Not at all: the headers are believed.
    None,
    /// By API keys.
    Token,
    /// By tokens of Keystone.
    Keystone,
}

/// `[keystone]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Keystone {
    /// Its Identity API; `None` where it is not used.
    pub url: Option<String>,
    /// What clients are told that have no token; `None` for `url`.
    pub www_authenticate_uri: Option<String>,
    /// The user that this host is to Keystone.
    pub username: Option<String>,
    /// Its password.
    pub password: Option<Secret>,
    /// The name of its domain.
    pub user_domain_name: String,
    /// The name of the project that it logs in to.
    pub project_name: String,
    /// The name of that project's domain.
    pub project_domain_name: String,
    /// More certificates that are trusted for https; `None` for the system's alone.
    pub ca_file: Option<String>,
    /// How long what is known of a token holds.
    #[serde(deserialize_with = "millis")]
    pub cache: Duration,
    /// How long a refusal holds.
    #[serde(deserialize_with = "millis")]
    pub cache_refused: Duration,
    /// The most tokens of each kind that are remembered.
    pub max_cached: usize,
    /// How long an answer may take.
    #[serde(deserialize_with = "millis")]
    pub timeout: Duration,
}

impl Keystone {
    /// The URL of version 3 of its API; empty where none is configured.
    #[must_use]
    pub fn base(&self) -> String {
        let url = self.url.as_deref().unwrap_or_default().trim_end_matches('/');
        if url.is_empty() || url.ends_with("/v3") { url.to_owned() } else { format!("{url}/v3") }
    }
}

/// `[limits]`
#[derive(Clone, Debug, Deserialize)]
pub struct Limits {
    /// What each project may take that has no section of its own.
    #[serde(flatten)]
    pub quota: Quota,
    /// The most projects that are watched one by one.
    pub max_projects: usize,
    /// How long usage is kept.
    #[serde(deserialize_with = "millis")]
    pub keep_usage: Duration,
}

/// `http.tls`
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tls {
    /// The file of the certificates, the host's own first, in PEM.
    pub cert: String,
    /// The file of the key, in PEM.
    pub key: String,
}

/// `http.metrics`
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Metrics {
    /// Everybody who reaches the host may read them.
    Open,
    /// Who sees to the host may.
    Admin,
}

impl Config {
    /// With the relative paths of files beside the configuration file, which is in `folder`.
    pub(super) fn beside(mut self, folder: &Path) -> Self {
        let place = |path: &mut String| *path = folder.join(&*path).display().to_string();
        if let Some(tls) = &mut self.http.tls {
            place(&mut tls.cert);
            place(&mut tls.key);
        }
        self.keystone.ca_file.iter_mut().for_each(place);
        self
    }
}
