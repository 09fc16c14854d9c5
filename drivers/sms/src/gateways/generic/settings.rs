//! `kind = "http"`

use std::{collections::BTreeMap, path::PathBuf};

use nuncio_plugin_sdk::{JsonSchema, Secret, SettingsError, Url, schemars};
use serde::Deserialize;

use super::{plan::Plan, receipts::Receipts};
use crate::{
    account::Account,
    gateways::{
        gateway::{Shared, open},
        said::Meaning,
    },
    settings::{Kind, Opening, max_parts},
};

/// A gateway whose request, answer and receipts these settings describe. `url`, `headers` and `body` take placeholders:
/// `{to}` `{to_digits}` `{from}` `{text}` `{ref}` `{callback}` `{parts}` `{alphabet}` `{username}` `{password}` `{token}`
/// `{basic}`; each is escaped as the place wants it.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(crate = "schemars")]
pub struct Settings {
    /// The method.
    #[serde(default)]
    pub(super) method: Method,
    /// The address; with placeholders behind its host.
    pub(super) url: String,
    /// The headers; their values take placeholders.
    #[serde(default)]
    pub(super) headers: BTreeMap<String, String>,
    /// The body; its type stands in the header `content-type`.
    #[serde(default)]
    pub(super) body: String,
    /// What `{username}` is.
    pub(super) username: Option<String>,
    /// What `{password}` is; `{basic}` is the base64 of both with a colon between.
    pub(super) password: Option<Secret>,
    /// What `{token}` is.
    pub(super) token: Option<Secret>,
    /// Who SMS are from, unless a subscription's option `sender` says otherwise.
    sender: Option<String>,
    /// The most parts of a text, 1 to 255; a longer text is refused.
    #[serde(default = "max_parts")]
    max_parts: u16,
    /// Whether typographic characters (curly quotes, dashes) are written plainly.
    #[serde(default)]
    transliterate: bool,
    /// The HTTP statuses of a success; all of 200 to 299 when absent.
    #[serde(default)]
    pub(super) success: Vec<u16>,
    /// Where the answer's message id stands: a JSON pointer, like `/messages/0/id`.
    pub(super) id: Option<String>,
    /// Where the number of parts stands that the gateway counted.
    pub(super) parts: Option<String>,
    /// Where the gateway's own code stands. In a success one that `codes` does not call `ok` is a failure.
    pub(super) error_code: Option<String>,
    /// Where its words stand.
    pub(super) error_text: Option<String>,
    /// What the gateway's codes mean.
    #[serde(default)]
    pub(super) codes: BTreeMap<String, Word>,
    /// What HTTP statuses mean, where it is not what they mostly do.
    #[serde(default)]
    pub(super) statuses: BTreeMap<String, Word>,
    /// Where the gateway reaches this host with receipts, for `{callback}`: like
    /// `https://nuncio.example/v2/inbound/sms/NAME`.
    pub(super) status_callback: Option<Url>,
    /// How receipts are read; without it none are taken.
    pub(super) receipt: Option<Receipts>,
    /// A PEM file of roots that are trusted besides the system's.
    pub(super) ca_file: Option<PathBuf>,
}

/// A method that a gateway is called with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
#[schemars(crate = "schemars")]
pub(crate) enum Method {
    /// With a body.
    #[default]
    Post,
    /// With a body.
    Put,
    /// All in the address.
    Get,
}

/// What a code or a status means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(crate = "schemars")]
pub(crate) enum Word {
    /// It is a success.
    Ok,
    /// This number may be tried later.
    Later,
    /// The gateway is busy or down, for everybody.
    Busy,
    /// Our account: a credential, a quota. It is held, and no try is burnt.
    Account,
    /// The sender is not ours to use.
    Sender,
    /// Never to this number.
    Number,
    /// Never this message.
    Message,
    /// Who has this number wants nothing more.
    Gone,
}

impl Word {
    /// `None` of a success.
    pub(super) const fn meaning(self) -> Option<Meaning> {
        Some(match self {
            Self::Ok => return None,
            Self::Later => Meaning::Later,
            Self::Busy => Meaning::Busy,
            Self::Account => Meaning::Account,
            Self::Sender => Meaning::Sender,
            Self::Number => Meaning::Number,
            Self::Message => Meaning::Message,
            Self::Gone => Meaning::Gone,
        })
    }
}

impl Kind for Settings {
    fn open(mut self, opening: &Opening<'_>) -> Result<Box<dyn Account>, SettingsError> {
        let shared = Shared {
            sender: self.sender.take(),
            max_parts: self.max_parts,
            transliterate: self.transliterate,
        };
        let common = shared.common(opening.name);
        let ca_file = self.ca_file.take();
        let plan = Plan::read(self, common.sender.is_some(), opening.name)?;
        open(super::vendor::Generic(plan), common, ca_file.as_deref(), Vec::new(), opening)
    }
}
