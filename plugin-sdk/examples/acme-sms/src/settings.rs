//! `[drivers.acme-sms]`

use nuncio_plugin_sdk::{Deserialize, JsonSchema, Refusal, Secret, Url};

/// The vendor's own API.
const API: &str = "https://api.acme-sms.example/v1";

/// The settings.
#[derive(Deserialize, JsonSchema)]
#[serde(crate = "nuncio_plugin_sdk::serde", deny_unknown_fields)]
#[schemars(crate = "nuncio_plugin_sdk::schemars")]
pub struct Settings {
    /// The API, instead of the vendor's own. A loopback address may be plain `http:`.
    pub(crate) api: Option<Url>,
    /// The API key, from the vendor's console.
    pub(crate) key: Option<Secret>,
    /// What the vendor signs delivery receipts with; without it none are taken.
    pub(crate) receipt_secret: Option<Secret>,
    /// Who the messages are from, unless a subscription says otherwise: a number, or up to 11 letters.
    #[serde(default = "sender")]
    pub(crate) sender: String,
}

fn sender() -> String {
    "Nuncio".to_owned()
}

impl Settings {
    /// The address of `path` in the API.
    pub(crate) fn address(&self, path: &str) -> String {
        let api = self.api.as_ref().map_or(API, Url::as_str);
        format!("{}/{path}", api.trim_end_matches('/'))
    }

    /// Everything that is wrong with the settings.
    pub(crate) fn refusals(&self) -> Vec<Refusal> {
        let mut wrong = Vec::new();
        if self.api.as_ref().is_some_and(|api| !keeps_secrets(api)) {
            let refusal = Refusal::new("/api", "the key would travel in plain text");
            wrong.push(refusal.fix("write https://..., or an http:// address of this machine"));
        }
        wrong.extend(sender_is_wrong(&self.sender, "/sender"));
        wrong
    }
}

/// Whether nobody on the way reads what is sent to `url`.
fn keeps_secrets(url: &Url) -> bool {
    let here = ["127.0.0.1", "[::1]", "localhost"].contains(&url.host_str().unwrap_or_default());
    url.scheme() == "https" || (url.scheme() == "http" && here)
}

/// Why `sender`, which stands at `at`, is none: networks carry a number, or 1 to 11 letters and digits.
pub(crate) fn sender_is_wrong(sender: &str, at: &str) -> Option<Refusal> {
    let letters =
        !sender.is_empty() && sender.len() <= 11 && sender.chars().all(|c| c.is_ascii_alphanumeric());
    let number = crate::number::Number::read(sender).is_ok();
    (!letters && !number).then(|| {
        Refusal::new(at, "not a sender")
            .fix("write a number like +15551234567, or up to 11 letters and digits")
    })
}
