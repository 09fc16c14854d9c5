//! What a driver says of itself. Unknown members are ignored, so that a newer driver loads in an older host.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::Rate;

/// What a driver says of itself. Only `name`, `version` and `schemes` are required.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Manifest {
    /// Its name, as in `[drivers.NAME]`.
    pub name: String,
    /// Its version.
    pub version: String,
    /// The URI schemes it serves, lower case.
    pub schemes: Vec<String>,
    /// One line for a person.
    #[serde(default)]
    pub title: String,
    /// Where to read more.
    #[serde(default)]
    pub homepage: String,
    /// Its licence.
    #[serde(default)]
    pub license: String,
    /// What it answers beside deliveries: of `check`, `disabled`, `render` and `receive`. A driver that is linked has
    /// all of them but `receive`; of others the host calls none that is not listed.
    #[serde(default)]
    pub methods: Vec<String>,
    /// JSON Schema 2020-12 of its settings.
    #[serde(default)]
    pub settings: Value,
    /// JSON pointers into the settings that are secret; `*` is any one member, as in `/accounts/*/password`.
    #[serde(default)]
    pub secrets: Vec<String>,
    /// JSON Schema of the subscription options it understands.
    #[serde(default)]
    pub options: Value,
    /// JSON pointers into the options that are secret.
    #[serde(default)]
    pub option_secrets: Vec<String>,
    /// Its limits.
    #[serde(default)]
    pub limits: Limits,
    /// Which form of a message it wants.
    #[serde(default)]
    pub content: ContentForm,
    /// How its channel carries the delivery id.
    #[serde(default)]
    pub idempotency: String,
    /// How it reaches the network.
    #[serde(default)]
    pub network: Network,
    /// Whether its URIs name devices that the host keeps for it (`apns:ID`): it then answers `check_device`.
    #[serde(default)]
    pub devices: bool,
    /// Whether a library's `submit` may block: it is then called on a thread of its own.
    #[serde(default)]
    pub blocking: bool,
}

impl Manifest {
    /// The manifest of a driver that says no more than it must.
    #[must_use]
    pub fn new(name: impl Into<String>, version: impl Into<String>, schemes: &[&str]) -> Self {
        let schemes = schemes.iter().map(|scheme| (*scheme).to_owned()).collect();
        Self { name: name.into(), version: version.into(), schemes, ..Self::default() }
    }

    /// Whether it answers `method`.
    #[must_use]
    pub fn has(&self, method: &str) -> bool {
        self.methods.iter().any(|one| one == method)
    }
}

/// What a driver can bear.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Limits {
    /// The most notices in flight to one destination.
    pub in_flight: u32,
    /// The most notices that begin in a while to one destination; the operator may say otherwise (`[rates]`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rate: Option<Rate>,
    /// The most notices that it takes at once; from 2 on the host gathers those that are ready together.
    pub batch: u32,
    /// The largest body in bytes that the channel carries.
    pub body_bytes: u32,
    /// The longest text in characters, where the channel has such a limit.
    pub text_chars: Option<u32>,
    /// Which parts of the content it can carry.
    pub formats: Vec<String>,
}

impl Default for Limits {
    fn default() -> Self {
        let formats = vec!["text".to_owned()];
        Self { in_flight: 64, rate: None, batch: 1, body_bytes: 1 << 20, text_chars: None, formats }
    }
}

impl Limits {
    /// With so many notices in flight to one destination.
    #[must_use]
    pub const fn in_flight(mut self, notices: u32) -> Self {
        self.in_flight = notices;
        self
    }

    /// With so many notices in a while to one destination.
    #[must_use]
    pub const fn rate(mut self, rate: Rate) -> Self {
        self.rate = Some(rate);
        self
    }

    /// With so many notices at once, by [`deliver_batch`](crate::Driver::deliver_batch).
    #[must_use]
    pub const fn batch(mut self, notices: u32) -> Self {
        self.batch = notices;
        self
    }

    /// With so large a body.
    #[must_use]
    pub const fn body_bytes(mut self, bytes: u32) -> Self {
        self.body_bytes = bytes;
        self
    }

    /// With so long a text.
    #[must_use]
    pub const fn text_chars(mut self, characters: u32) -> Self {
        self.text_chars = Some(characters);
        self
    }

    /// With these parts of the content: of `subject`, `text`, `html` and `parts`.
    #[must_use]
    pub fn formats(mut self, formats: &[&str]) -> Self {
        self.formats = formats.iter().map(|one| (*one).to_owned()).collect();
        self
    }
}

/// Which form of a message a driver wants.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ContentForm {
    /// Subject, text and HTML, where a queue message without a template is its readable text.
    #[default]
    Rendered,
    /// As `Rendered`, but a queue message without a template is Zaqar's JSON text (mail).
    Zaqar,
    /// The message as posted; the driver makes its own form of it.
    Raw,
}

/// How a driver reaches the network.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Network {
    /// Not at all.
    #[default]
    None,
    /// Through the SDK's guarded connector alone.
    Guarded,
    /// By its own means, to places that the operator configured.
    Own,
}
