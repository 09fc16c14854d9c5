//! The options of a subscription that mean something here.

use nuncio_plugin_sdk::{
    Options, Refusal, read_options,
    serde_json::{Value, json},
};
use serde::Deserialize;

use crate::{sender::Sender, text::Overflow};

/// As they are written. Options that the host or another driver understands are left alone.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Wanted {
    /// Which account delivers.
    pub(crate) account: Option<String>,
    /// Who the SMS is from, instead of the account's `sender`.
    pub(crate) sender: Option<String>,
    /// What becomes of a text that is longer than one SMS.
    pub(crate) overflow: Option<Overflow>,
}

impl Wanted {
    /// Reads `options`.
    ///
    /// # Errors
    /// The first that is wrong, as `/options/...`.
    pub(crate) fn read(options: &Options) -> Result<Self, Refusal> {
        let wanted: Self = read_options(options, &[])?;
        wanted.sender()?;
        Ok(wanted)
    }

    /// Who the SMS is from.
    ///
    /// # Errors
    /// What is no sender.
    pub(crate) fn sender(&self) -> Result<Option<Sender>, Refusal> {
        self.sender.as_deref().map(|text| Sender::read(text, "/options/sender")).transpose()
    }
}

/// Their JSON Schema.
pub(crate) fn schema() -> Value {
    json!({
        "type": "object",
        "properties": {
            "account": {"type": "string", "description": "Which account delivers, instead of the setting `default_account`."},
            "sender": {"type": "string", "description": "Who the SMS is from, instead of the account's `sender`: \
                a number, a short code, or a name of at most 11 characters.", "examples": ["+15551230101"]},
            "overflow": {"enum": ["split", "truncate", "refuse"], "default": "split", "description": "What becomes of a \
                text that is longer than one SMS: it is sent in parts, cut to one, or not sent."},
        },
    })
}
