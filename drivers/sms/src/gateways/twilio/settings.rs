//! `kind = "twilio"`

use nuncio_plugin_sdk::{JsonSchema, Refusal, Secret, SettingsError, Url, schemars};
use serde::Deserialize;

use super::vendor::Twilio;
use crate::{
    account::Account,
    gateways::{
        gateway::{Shared, open},
        settings::{Way, address_wrong, base, callback_wrong},
    },
    settings::{Kind, Opening, max_parts},
};

const API: &str = "https://api.twilio.com";

/// An account with Twilio's Programmable Messaging (`2010-04-01`).
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(crate = "schemars")]
pub struct Settings {
    /// The account's SID: `AC` and 32 hexadecimal digits, from the console's first page.
    pub(super) account_sid: String,
    /// The account's auth token. It signs in when there is no API key, and receipts are checked with it.
    pub(super) auth_token: Secret,
    /// The SID of an API key to sign in with instead: `SK` and 32 hexadecimal digits.
    pub(super) api_key: Option<String>,
    /// The secret of that API key.
    pub(super) api_key_secret: Option<Secret>,
    /// Who the messages are from: a number of the account in E.164, a short code, or an alphanumeric sender.
    sender: Option<String>,
    /// The most parts of a text, 1 to 255; a longer text is refused. Twilio takes 1,600 characters, which is 10 parts.
    #[serde(default = "max_parts")]
    max_parts: u16,
    /// Whether typographic characters (curly quotes, dashes) are written plainly.
    #[serde(default)]
    transliterate: bool,
    /// The SID of a messaging service that chooses the sender: `MG` and 32 hexadecimal digits.
    pub(super) messaging_service: Option<String>,
    /// Where Twilio reaches this host with receipts, like `https://nuncio.example/v2/inbound/sms/NAME`; without it none are
    /// asked for.
    pub(super) status_callback: Option<Url>,
    /// The API, instead of Twilio's own: for tests and for proxies.
    api: Option<Url>,
}

impl Settings {
    /// Everything that is wrong with them, of the account `name`.
    fn refusals(&self, name: &str) -> Vec<Refusal> {
        let mut wrong = Vec::new();
        let mut sid = |member: &str, prefix: &str, value: Option<&str>| {
            if value.is_some_and(|value| !is_sid(prefix, value)) {
                let refusal =
                    Refusal::new(format!("/{member}"), format!("not `{prefix}` and 32 hexadecimal digits"));
                wrong.push(refusal.fix(format!(
                    "copy it from Twilio's console, like {prefix}{}",
                    "0123456789abcdef".repeat(2)
                )));
            }
        };
        sid("account_sid", "AC", Some(&self.account_sid));
        sid("api_key", "SK", self.api_key.as_deref());
        sid("messaging_service", "MG", self.messaging_service.as_deref());
        if self.api_key.is_some() != self.api_key_secret.is_some() {
            let missing = if self.api_key.is_some() { "api_key_secret" } else { "api_key" };
            let refusal = Refusal::new(format!("/{missing}"), "an API key is a SID and a secret");
            wrong.push(refusal.fix("write both, or neither"));
        }
        if self.sender.is_none() && self.messaging_service.is_none() {
            let refusal = Refusal::new("/sender", "nobody is there to send from");
            wrong.push(
                refusal.fix("write a number of the account, like +15005550006, or a `messaging_service`"),
            );
        }
        let api = self.api.as_ref();
        wrong.extend(api.and_then(|url| address_wrong("/api", url, Way::Encrypted, API)));
        let callback = self.status_callback.as_ref();
        wrong.extend(callback.and_then(|url| callback_wrong("/status_callback", url, name)));
        wrong
    }

    /// The address of the account's messages.
    pub(super) fn messages(&self) -> String {
        let api = self.api.as_ref().map_or(API, base);
        format!("{api}/2010-04-01/Accounts/{}/Messages.json", self.account_sid)
    }

    /// With what to sign in.
    pub(super) fn credentials(&self) -> (&str, &Secret) {
        match (&self.api_key, &self.api_key_secret) {
            (Some(key), Some(secret)) => (key, secret),
            _ => (&self.account_sid, &self.auth_token),
        }
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
        open(Twilio(self), shared.common(opening.name), None, wrong, opening)
    }
}

/// Whether `text` is an id of Twilio's of the kind that `prefix` says.
fn is_sid(prefix: &str, text: &str) -> bool {
    text.strip_prefix(prefix)
        .is_some_and(|hex| hex.len() == 32 && hex.bytes().all(|byte| byte.is_ascii_hexdigit()))
}
