//! `kind = "kannel"`

use std::path::PathBuf;

use nuncio_plugin_sdk::{JsonSchema, Refusal, Secret, SettingsError, Url, schemars};
use serde::Deserialize;

use super::vendor::Kannel;
use crate::{
    account::Account,
    gateways::{
        gateway::{Shared, open},
        settings::{Way, address_wrong, callback_wrong},
    },
    settings::{Kind, Opening, max_parts},
};

/// A user of Kannel's `sendsms`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(crate = "schemars")]
pub struct Settings {
    /// The address of `sendsms`, like `http://kannel.internal:13013/cgi-bin/sendsms`.
    pub(super) url: Url,
    /// The name of a `sendsms-user` group.
    pub(super) username: String,
    /// The password of that group.
    pub(super) password: Secret,
    /// Who SMS are from, unless a subscription's option `sender` says otherwise; Kannel's own default when absent.
    sender: Option<String>,
    /// The most parts of a text, 1 to 255; a longer text is refused. Kannel's `max-messages` must be as many: what is beyond
    /// them it drops.
    #[serde(default = "max_parts")]
    max_parts: u16,
    /// Whether typographic characters (curly quotes, dashes) are written plainly.
    #[serde(default)]
    transliterate: bool,
    /// The `smsc-id` that messages are routed by.
    pub(super) smsc: Option<String>,
    /// Where Kannel reaches this host with delivery reports, like `http://nuncio.internal:8888/v2/inbound/sms/NAME`; without it
    /// none are asked for.
    pub(super) status_callback: Option<Url>,
    /// What delivery reports are recognised by: any text of at least 16 characters. It never leaves this host: what Kannel
    /// is told is a token for each delivery that is made of it.
    pub(super) receipt_secret: Option<Secret>,
    /// A PEM file of roots that are trusted besides the system's.
    ca_file: Option<PathBuf>,
}

impl Settings {
    /// Everything that is wrong with them, of the account `name`.
    fn refusals(&self, name: &str) -> Vec<Refusal> {
        let mut wrong = Vec::new();
        let right = "http://kannel.internal:13013/cgi-bin/sendsms";
        wrong.extend(address_wrong("/url", &self.url, Way::Own, right));
        if self.url.query().is_some() {
            let refusal = Refusal::new("/url", "what is asked of Kannel stands in headers, not in a query");
            wrong.push(refusal.fix(format!("write one like {right}")));
        }
        let in_header = [
            ("/username", Some(self.username.as_str()), "nuncio"),
            ("/password", Some(self.password.expose()), "the password of Kannel's configuration"),
            ("/smsc", self.smsc.as_deref(), "main-smsc"),
        ];
        for (at, value, right) in in_header {
            if value.is_some_and(|value| value.is_empty() || !value.chars().all(|c| matches!(c, ' '..='~'))) {
                let refusal = Refusal::new(at, "not printable ASCII, which is all that a header carries");
                wrong.push(refusal.fix(format!("write one like `{right}`")));
            }
        }
        if self.status_callback.is_some() && self.receipt_secret.is_none() {
            let refusal = Refusal::new("/receipt_secret", "anybody could send delivery reports");
            wrong.push(refusal.fix("write { env = \"NAME\" } of what `openssl rand -hex 32` prints"));
        }
        if self.receipt_secret.as_ref().is_some_and(|secret| secret.expose().len() < 16) {
            let refusal = Refusal::new("/receipt_secret", "shorter than 16 characters");
            wrong.push(refusal.fix("write { env = \"NAME\" } of what `openssl rand -hex 32` prints"));
        }
        let callback = self.status_callback.as_ref();
        wrong.extend(callback.and_then(|url| callback_wrong("/status_callback", url, name)));
        wrong
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
        let ca_file = self.ca_file.take();
        open(Kannel(self), shared.common(opening.name), ca_file.as_deref(), wrong, opening)
    }
}
