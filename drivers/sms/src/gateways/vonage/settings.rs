//! `kind = "vonage"`

use nuncio_plugin_sdk::{JsonSchema, Refusal, Secret, SettingsError, Url, schemars};
use serde::Deserialize;

use super::{signature::Method, vendor::Vonage};
use crate::{
    account::Account,
    gateways::{
        gateway::{Shared, open},
        settings::{Way, address_wrong, base, callback_wrong},
    },
    settings::{Kind, Opening, max_parts},
};

const API: &str = "https://rest.nexmo.com";

/// An account with Vonage's SMS API.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(crate = "schemars")]
pub struct Settings {
    /// The API key, from the dashboard's first page.
    pub(super) api_key: String,
    /// The API secret that belongs to it.
    pub(super) api_secret: Secret,
    /// Who SMS are from, unless a subscription's option `sender` says otherwise. Vonage wants one.
    sender: Option<String>,
    /// The most parts of a text, 1 to 255; a longer text is refused.
    #[serde(default = "max_parts")]
    max_parts: u16,
    /// Whether typographic characters (curly quotes, dashes) are written plainly.
    #[serde(default)]
    transliterate: bool,
    /// The signature secret, from the dashboard's settings; without it no receipts are taken.
    pub(super) signature_secret: Option<Secret>,
    /// How receipts are signed, as the dashboard says it.
    #[serde(default)]
    pub(super) signature_method: Method,
    /// Where Vonage reaches this host with receipts, like `https://nuncio.example/v2/inbound/sms/NAME`; without it they go
    /// where the dashboard says.
    pub(super) status_callback: Option<Url>,
    /// The API, instead of Vonage's own: for tests and for proxies.
    api: Option<Url>,
}

impl Settings {
    /// Everything that is wrong with them, of the account `name`.
    fn refusals(&self, name: &str) -> Vec<Refusal> {
        let mut wrong = Vec::new();
        let fits = |c: char| c.is_ascii_alphanumeric();
        if self.api_key.is_empty() || self.api_key.len() > 64 || !self.api_key.chars().all(fits) {
            let refusal = Refusal::new("/api_key", "not the letters and digits of an API key");
            wrong.push(refusal.fix("copy it from Vonage's dashboard, like abcd1234"));
        }
        if self.sender.is_none() {
            let refusal = Refusal::new("/sender", "Vonage sends nothing without a sender");
            wrong.push(refusal.fix("write a number like +447700900000, or a name like Nuncio"));
        }
        if self.status_callback.is_some() && self.signature_secret.is_none() {
            let refusal = Refusal::new("/signature_secret", "receipts would come that nothing vouches for");
            wrong.push(
                refusal.fix("write the signature secret of the dashboard, or leave `status_callback` out"),
            );
        }
        let api = self.api.as_ref();
        wrong.extend(api.and_then(|url| address_wrong("/api", url, Way::Encrypted, API)));
        let callback = self.status_callback.as_ref();
        wrong.extend(callback.and_then(|url| callback_wrong("/status_callback", url, name)));
        wrong
    }

    /// The address that takes messages.
    pub(super) fn messages(&self) -> String {
        format!("{}/sms/json", self.api.as_ref().map_or(API, base))
    }
}

impl Kind for Settings {
    fn open(mut self, opening: &Opening<'_>) -> Result<Box<dyn Account>, SettingsError> {
        let wrong = self.refusals(opening.name);
        let shared = Shared {
            sender: self.sender.take(),
            max_parts: self.max_parts,
            transliterate: self.transliterate,
        };
        open(Vonage(self), shared.common(opening.name), None, wrong, opening)
    }
}
