//! `[drivers.sms.accounts.NAME] kind = "smpp"`: the settings.

use nuncio_plugin_sdk::{JsonSchema, Report, Scope, Secret, SettingsError, async_trait, schemars};
use serde::Deserialize;

use crate::{
    account::{Account, Common, Sms},
    settings::{Kind, Opening, check_common, max_parts},
    text::Rules,
};

/// The settings of an account at a message centre.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(crate = "schemars")]
pub struct Settings {
    /// The user name (`system_id`), at most 15 characters.
    pub system_id: String,
    /// The password, at most 8 characters by the standard; some centres take more.
    pub password: Secret,
    /// Who SMS are from, unless a subscription's option `sender` says otherwise.
    pub sender: Option<String>,
    /// The most parts of a text, 1 to 255; a longer text is refused.
    #[serde(default = "max_parts")]
    pub max_parts: u16,
    /// Whether typographic characters (curly quotes, dashes) are written plainly.
    #[serde(default)]
    pub transliterate: bool,
}

struct Nowhere(Common);

impl Kind for Settings {
    fn open(self, opening: &Opening<'_>) -> Result<Box<dyn Account>, SettingsError> {
        let rules = Rules {
            max_parts: self.max_parts,
            transliterate: self.transliterate,
            wide_reference: false,
            latin1: false,
        };
        let common = Common { name: opening.name.to_owned(), sender: self.sender, rules };
        let wrong = check_common(&common);
        if wrong.is_empty() { Ok(Box::new(Nowhere(common))) } else { Err(SettingsError(wrong)) }
    }
}

#[async_trait]
impl Account for Nowhere {
    fn common(&self) -> &Common {
        &self.0
    }
    async fn send(&self, _: &Sms<'_>, _: std::time::Duration) -> Report {
        Report::deferred(Scope::Account, "SMPP is not there yet")
    }
    fn shown(&self, sms: &Sms<'_>) -> String {
        sms.to.as_str().to_owned()
    }
}
