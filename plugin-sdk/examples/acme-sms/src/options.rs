//! The options of a subscription that mean something here.

use nuncio_plugin_sdk::{Deserialize, JsonSchema, Options, Refusal, read_options};

use crate::settings::sender_is_wrong;

/// As they are written. Options that the host or another driver understands are left alone.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(crate = "nuncio_plugin_sdk::serde", default)]
#[schemars(crate = "nuncio_plugin_sdk::schemars")]
pub(crate) struct Wanted {
    /// Who the messages are from, instead of the setting `sender`.
    pub(crate) sender: Option<String>,
}

impl Wanted {
    pub(crate) fn read(options: &Options) -> Result<Self, Refusal> {
        let wanted: Self = read_options(options, &[])?;
        let refusal = wanted.sender.as_deref().and_then(|sender| sender_is_wrong(sender, "/options/sender"));
        refusal.map_or(Ok(wanted), Err)
    }
}
