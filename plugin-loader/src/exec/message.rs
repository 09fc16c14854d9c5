//! The messages of the protocol, version 1. It only grows: what is unknown is ignored by both sides.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use nuncio_core::{
    Manifest, Refusal,
    notice_json::NoticeJson,
    wire::{Envelope, ReportJson},
};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};

/// The version of the protocol that this host speaks.
pub const PROTOCOL: u32 = 1;

/// What a child process says, a line each.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
#[non_exhaustive]
pub enum FromChild {
    /// First of all: what it speaks and what it is.
    Hello {
        /// The version of the protocol.
        protocol: u32,
        /// What the driver says of itself.
        manifest: Box<Manifest>,
    },
    /// It took its settings: deliveries may come.
    Ready,
    /// Its settings are wrong.
    Refused {
        /// Everything that is wrong with them.
        #[serde(default)]
        errors: Vec<Refusal>,
    },
    /// What became of a notice.
    Completion {
        /// The notice's token.
        token: u64,
        /// A report for each recipient.
        #[serde(default)]
        reports: Vec<ReportJson>,
    },
    /// Asks the host.
    Call {
        /// Its number for this question; without one no reply is wanted.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<u64>,
        /// `metric`, `receipt` or `device.get`.
        method: String,
        /// What is asked.
        #[serde(default)]
        json: Value,
    },
    /// Answers the host.
    Reply {
        /// The number of the host's call.
        id: u64,
        /// How it went.
        #[serde(default)]
        status: Status,
        /// The answer; for `invalid` a list of refusals, for `failed` a text.
        #[serde(default)]
        json: Value,
        /// Bytes that belong to it.
        #[serde(default, skip_serializing_if = "Blob::is_empty")]
        blob: Blob,
    },
    /// A line for the host's log.
    Log {
        /// How much it matters.
        #[serde(default)]
        level: Level,
        /// What is said, without secrets.
        #[serde(default)]
        message: String,
        /// What belongs to it.
        #[serde(default, skip_serializing_if = "Map::is_empty")]
        fields: Map<String, Value>,
    },
    /// Of a later version: ignored.
    #[serde(other)]
    Unknown,
}

/// What the host says, a line each.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
#[non_exhaustive]
pub enum ToChild {
    /// The settings.
    Create {
        /// The host's word, and the settings with their secrets.
        envelope: Envelope,
    },
    /// One try of one delivery.
    Notice(Item),
    /// Several at once, where the manifest's `limits.batch` is above 1.
    Batch {
        /// At most as many as that.
        notices: Vec<Item>,
    },
    /// Nobody waits for these any longer. Each is completed all the same.
    Cancel {
        /// Their tokens.
        tokens: Vec<u64>,
    },
    /// Asks the driver.
    Call {
        /// The number that its reply names.
        id: u64,
        /// `check`, `disabled`, `render`, `receive` or `check_device`.
        method: String,
        /// What is asked.
        #[serde(default)]
        json: Value,
        /// Bytes that belong to it.
        #[serde(default, skip_serializing_if = "Blob::is_empty")]
        blob: Blob,
    },
    /// Answers a call of the driver.
    Reply {
        /// The number of the driver's call.
        id: u64,
        /// How it went.
        #[serde(default)]
        status: Status,
        /// The answer; for `invalid` a list of refusals, for `failed` a text.
        #[serde(default)]
        json: Value,
    },
    /// The last line: the driver ends what it has within the time, and itself with exit status 0.
    Shutdown {
        /// How long it has, milliseconds.
        grace_ms: u64,
    },
    /// Of a later version: ignored.
    #[serde(other)]
    Unknown,
}

/// A notice and the token that its completion names.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Item {
    /// The host's number for this try: never used twice in a life of the process.
    pub token: u64,
    /// The notice.
    pub notice: Box<NoticeJson>,
}

/// How a call went.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Status {
    /// The answer is there.
    #[default]
    Ok,
    /// There is no such method.
    Unsupported,
    /// What was asked about is wrong.
    Invalid,
    /// It could not be answered; so is a status of a later version read.
    #[serde(other)]
    Failed,
}

/// How much a line of the log matters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the usual five")]
#[non_exhaustive]
pub enum Level {
    Error,
    Warn,
    Debug,
    Trace,
    /// So is a level of a later version read.
    #[default]
    #[serde(other)]
    Info,
}

/// Bytes: base64 on the line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Blob(pub Vec<u8>);

impl Blob {
    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Serialize for Blob {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&STANDARD.encode(&self.0))
    }
}

impl<'de> Deserialize<'de> for Blob {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        STANDARD.decode(text).map(Self).map_err(serde::de::Error::custom)
    }
}
