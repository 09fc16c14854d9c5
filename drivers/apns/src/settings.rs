//! The settings.

use std::{collections::BTreeMap, path::PathBuf};

use nuncio_plugin_sdk::{JsonSchema, Secret, schemars};
use serde::Deserialize;

/// `[drivers.apns]`
#[derive(Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// The account of devices that name none; the only one, where there is but one.
    pub(crate) default_account: Option<String>,
    /// A PEM file of roots that are trusted besides the system's: for a proxy.
    pub(crate) ca_file: Option<PathBuf>,
    /// Accounts by name: `[drivers.apns.accounts.NAME]`.
    pub(crate) accounts: BTreeMap<String, Written>,
}

/// `[drivers.apns.accounts.NAME]`: by a key, or by a certificate.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Written {
    /// The 10 characters of the team, as the developer account shows them.
    pub(crate) team_id: Option<String>,
    /// The 10 characters of the key's id, which stand in the name of its file too.
    pub(crate) key_id: Option<String>,
    /// The key: the text of `AuthKey_ABC123DEFG.p8`.
    pub(crate) key: Option<Secret>,
    /// Instead of a key: the certificate and its private key, both PEM in one text.
    pub(crate) certificate: Option<Secret>,
    /// The topic of devices that name none: mostly the app's bundle id.
    pub(crate) topic: Option<String>,
    /// `production` (the default) or `sandbox`: which of Apple's two services the tokens are of.
    pub(crate) environment: Environment,
    /// Where Apple's service is reached, for a proxy: `https://HOST:PORT`.
    pub(crate) url: Option<String>,
}

/// Which of Apple's two services. A token is of one of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Environment {
    /// Apps of the App Store, TestFlight and ad hoc.
    #[default]
    Production,
    /// Apps that Xcode put on the device.
    Sandbox,
}

impl Environment {
    pub(crate) fn read(text: &str) -> Option<Self> {
        match text {
            "production" => Some(Self::Production),
            "sandbox" => Some(Self::Sandbox),
            _ => None,
        }
    }

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Production => "production",
            Self::Sandbox => "sandbox",
        }
    }

    /// Apple's "Sending notification requests to APNs", table of servers.
    pub(crate) const fn url(self) -> &'static str {
        match self {
            Self::Production => "https://api.push.apple.com",
            Self::Sandbox => "https://api.sandbox.push.apple.com",
        }
    }
}
