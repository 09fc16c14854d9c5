//! `[drivers.{{name}}]`

use nuncio_plugin_sdk::{Deserialize, JsonSchema, Refusal, Secret, Url};

/// The settings. The comments are shown by `nuncio drivers show {{name}}`.
#[derive(Deserialize, JsonSchema)]
#[serde(crate = "nuncio_plugin_sdk::serde", deny_unknown_fields)]
#[schemars(crate = "nuncio_plugin_sdk::schemars")]
pub struct Settings {
    /// Where messages are posted.
    pub(crate) url: Url,
    /// The token that the vendor gave you.
    pub(crate) token: Secret,
}

impl Settings {
    /// Refuses a URL that would carry the token in plain text over a network.
    pub(crate) fn check(&self) -> Result<(), Refusal> {
        let host = self.url.host_str().unwrap_or_default();
        let here = ["127.0.0.1", "[::1]", "localhost"].contains(&host);
        match self.url.scheme() {
            "https" => Ok(()),
            "http" if here => Ok(()),
            _ => Err(Refusal::new("/url", "the token would travel in plain text")
                .fix("write https://...; http:// is for this machine only")),
        }
    }
}
