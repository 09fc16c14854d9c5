//! `[notification]` and `[signed_url]`: who may be notified, who must agree, and what is signed.

use std::time::Duration;

use nuncio_plugin_sdk::Secret;
use serde::Deserialize;

use super::model::millis;

/// `[notification]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Notification {
    /// The schemes that may be subscribed, lower case; `None` for every one that has a driver.
    pub subscriber_types: Option<Vec<String>>,
    /// Which subscribers must confirm before they are sent anything.
    pub require_confirmation: Confirm,
    /// The page where people confirm, without a slash at its end; `None` for the one of this host.
    pub external_confirmation_url: Option<String>,
    /// The template of mails that ask to confirm; `None` for the built-in one.
    pub confirmation_template: Option<String>,
    /// The template of mails that say that somebody is unsubscribed; `None` for the built-in one.
    pub unsubscribe_template: Option<String>,
    /// Who these mails are from; `None` for the mail driver's sender.
    pub confirmation_sender: Option<String>,
    /// How often an address is asked to confirm within the period, over all projects.
    pub max_confirmations: u64,
    /// How often a host of web addresses is.
    pub max_confirmations_per_host: u64,
    /// The period.
    #[serde(deserialize_with = "millis")]
    pub confirmation_period: Duration,
    /// How long the link works with which a mail's recipient unsubscribes.
    #[serde(deserialize_with = "millis")]
    pub unsubscribe_ttl: Duration,
}

/// `notification.require_confirmation`
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Confirm {
    /// Nobody.
    None,
    /// Whoever is behind a mail address.
    Mail,
    /// Everybody.
    All,
}

/// `[signed_url]`
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignedUrl {
    /// The key with which URLs are signed; `None` for the one that the store made.
    pub secret_key: Option<Secret>,
}
