//! The JSON that crosses the driver boundary beside the notices: of a library's calls and of a child process alike.
//!
//! Unknown members are ignored on both sides and absent ones have a default, so that either side may be older.

use std::{collections::BTreeMap, time::Duration};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{Options, Outcome, Report, Scope, SubscriberUri, net::Policy};

/// What `create` is given: the host's word, and the driver's settings with their secrets resolved.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Envelope {
    /// What the host says to every driver.
    pub host: HostPart,
    /// The settings: an object.
    pub driver: Value,
}

/// What the host says to every driver.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default)]
#[non_exhaustive]
pub struct HostPart {
    /// The host's version.
    pub version: String,
    /// Which addresses a subscriber URI may lead to. The SDK's connector applies it.
    pub network: Policy,
    /// Worker threads of the library's own runtime.
    pub threads: usize,
    /// The default total time of one attempt, in milliseconds.
    pub deadline_ms: u64,
    /// Which account of the driver this instance is.
    pub account: String,
}

impl Default for HostPart {
    fn default() -> Self {
        let version = env!("CARGO_PKG_VERSION").to_owned();
        Self {
            version,
            network: Policy::default(),
            threads: 1,
            deadline_ms: 30_000,
            account: "default".to_owned(),
        }
    }
}

/// What `check` is given. Its answer is a [`Checked`](crate::Checked).
#[derive(Clone, Debug, Deserialize, Serialize)]
#[non_exhaustive]
pub struct CheckCall {
    /// The canonical URI.
    pub uri: String,
    /// The options of the subscription.
    #[serde(default)]
    pub options: Options,
}

impl CheckCall {
    /// Asks about `uri` with `options`.
    #[must_use]
    pub fn new(uri: impl Into<String>, options: Options) -> Self {
        Self { uri: uri.into(), options }
    }
}

/// The answer to `disabled`.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
#[non_exhaustive]
pub struct DisabledAnswer {
    /// Why the driver cannot deliver as it is configured.
    pub reason: Option<String>,
}

/// The answer to `render`, whose call is a [`NoticeJson`](crate::notice_json::NoticeJson).
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
#[non_exhaustive]
pub struct RenderAnswer {
    /// What would be sent, with secrets masked.
    pub text: String,
}

/// What `receive` is given, with the body as the call's blob. Its answer is an [`Answer`] with its body as blob.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Inbound {
    /// Whose account of the driver it is for, as the request's path names it; the driver refuses one that it has not.
    pub account: String,
    /// `GET` or `POST`.
    pub method: String,
    /// What stands behind `/v2/inbound/{driver}/{account}`, with its slash; may be empty.
    pub path: String,
    /// The query without its question mark.
    pub query: String,
    /// The headers, names in lower case; one that came twice is joined by `, `.
    pub headers: BTreeMap<String, String>,
    /// The full URL as the far side sees it, where the host knows it: some vendors sign it.
    pub url: String,
}

/// How an inbound request is answered, and what it said.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The media type of the body.
    pub content_type: String,
    /// The far side's later words on deliveries.
    pub receipts: Vec<Receipt>,
    /// The body: crosses as the blob.
    #[serde(skip)]
    pub body: Vec<u8>,
}

impl Default for Answer {
    fn default() -> Self {
        Self { status: 204, content_type: String::new(), receipts: Vec::new(), body: Vec::new() }
    }
}

impl Answer {
    /// An answer of `status` without a body.
    #[must_use]
    pub fn status(status: u16) -> Self {
        Self { status, ..Self::default() }
    }

    /// With a body.
    #[must_use]
    pub fn body(mut self, content_type: impl Into<String>, body: impl Into<Vec<u8>>) -> Self {
        self.content_type = content_type.into();
        self.body = body.into();
        self
    }

    /// With a later word on a delivery.
    #[must_use]
    pub fn receipt(mut self, receipt: Receipt) -> Self {
        self.receipts.push(receipt);
        self
    }
}

/// The far side's later word on a delivery: it reached the phone, it bounced.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[non_exhaustive]
pub struct Receipt {
    /// The delivery id, where the channel carried it back; else empty.
    #[serde(default)]
    pub delivery: String,
    /// The far side's id, as the report of the delivery named it; else empty.
    #[serde(default)]
    pub provider_id: String,
    /// What became of it.
    pub outcome: Outcome,
    /// The far side's own code, 0 when there was none.
    #[serde(default)]
    pub code: u32,
    /// One line for a person, without secrets.
    #[serde(default)]
    pub reason: String,
    /// When it happened, in Unix milliseconds; 0 = now.
    #[serde(default)]
    pub at_ms: i64,
}

impl Receipt {
    /// `outcome` of what the far side calls `provider_id`.
    #[must_use]
    pub fn of(provider_id: impl Into<String>, outcome: Outcome) -> Self {
        Self {
            delivery: String::new(),
            provider_id: provider_id.into(),
            outcome,
            code: 0,
            reason: String::new(),
            at_ms: 0,
        }
    }
}

/// What a driver may ask the host for by `device.get`: a device by its id. The answer is a [`DeviceAnswer`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default)]
#[non_exhaustive]
pub struct DeviceCall {
    /// The project of the notice.
    pub project: String,
    /// The id, as the subscriber URI names it.
    pub device: String,
}

impl DeviceCall {
    /// Asks for `device` of `project`.
    #[must_use]
    pub fn new(project: impl Into<String>, device: impl Into<String>) -> Self {
        Self { project: project.into(), device: device.into() }
    }
}

/// The answer to `device.get`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default)]
#[non_exhaustive]
pub struct DeviceAnswer {
    /// The device; none when it is not registered, or has ended.
    pub device: Option<Device>,
}

impl DeviceAnswer {
    /// Answers with this device, or with none.
    #[must_use]
    pub const fn of(device: Option<Device>) -> Self {
        Self { device }
    }
}

/// Where a push service reaches one app on one device, or one browser: stored by the host under an id, so that no URI
/// carries it. Its `Debug` form shows neither address nor keys.
#[derive(Clone, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Device {
    /// Its id within the project.
    pub id: String,
    /// The scheme of the driver that reaches it: `apns`, `fcm`, `webpush`.
    pub scheme: String,
    /// Which account of the driver it belongs to.
    pub account: String,
    /// The token, or the endpoint of a browser's push service: a secret.
    pub address: String,
    /// What else is needed to reach it (`p256dh` and `auth` of a browser): secrets.
    pub keys: BTreeMap<String, String>,
    /// What is no secret (`topic`, `environment`), as the driver defines it.
    pub attributes: BTreeMap<String, String>,
    /// When it was registered the last time, in Unix milliseconds.
    pub registered_ms: i64,
}

impl Device {
    /// The device that `scheme` reaches at `address`.
    #[must_use]
    pub fn new(scheme: impl Into<String>, address: impl Into<String>) -> Self {
        let account = "default".to_owned();
        Self { scheme: scheme.into(), account, address: address.into(), ..Self::default() }
    }

    /// The longest id, in characters.
    pub const MAX_ID: usize = 64;

    /// Whether `text` may be the id of a device: 1 to 64 letters, digits, `_` and `-` of ASCII.
    #[must_use]
    pub fn is_id(text: &str) -> bool {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
        (1..=Self::MAX_ID).contains(&text.len()) && text.bytes().all(allowed)
    }

    /// The id in a URI that names a device and nothing else: `apns:ID`.
    #[must_use]
    pub fn id_in(uri: &SubscriberUri) -> Option<&str> {
        uri.canonical().split_once(':').map(|(_, id)| id).filter(|id| Self::is_id(id))
    }
}

impl std::fmt::Debug for Device {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Device")
            .field("id", &self.id)
            .field("scheme", &self.scheme)
            .field("account", &self.account)
            .finish_non_exhaustive()
    }
}

/// A figure that a driver wants to be counted, shown as `nuncio_driver_{name}` with a label `driver`.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[non_exhaustive]
pub struct Metric {
    /// Its name: lower-case letters, digits and `_`.
    pub name: String,
    /// What is added to a counter, or what a gauge is set to.
    pub value: f64,
    /// Whether it is a gauge; else a counter.
    #[serde(default)]
    pub gauge: bool,
}

impl Metric {
    /// Adds `value` to the counter `name`.
    #[must_use]
    pub fn counter(name: impl Into<String>, value: f64) -> Self {
        Self { name: name.into(), value, gauge: false }
    }

    /// Sets the gauge `name` to `value`.
    #[must_use]
    pub fn gauge(name: impl Into<String>, value: f64) -> Self {
        Self { name: name.into(), value, gauge: true }
    }
}

/// A [`Report`] of one recipient as JSON: what a child process says of a delivery.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[non_exhaustive]
#[allow(missing_docs, reason = "they are those of a report")]
pub struct ReportJson {
    /// The recipient's index; absent = every recipient that has no report of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub index: Option<u32>,
    pub outcome: Outcome,
    #[serde(default)]
    pub scope: Scope,
    #[serde(default)]
    pub code: u32,
    #[serde(default)]
    pub reason: String,
    #[serde(default)]
    pub excerpt: String,
    #[serde(default)]
    pub maybe_sent: bool,
    #[serde(default)]
    pub provider_id: String,
    #[serde(default)]
    pub retry_after_ms: Option<u64>,
    #[serde(default)]
    pub cost: u32,
}

impl From<ReportJson> for Report {
    fn from(json: ReportJson) -> Self {
        let mut report = Self::new(json.outcome);
        report.scope = json.scope;
        report.code = json.code;
        report.reason = json.reason;
        report.excerpt = json.excerpt;
        report.maybe_sent = json.maybe_sent;
        report.provider_id = json.provider_id;
        report.retry_after = json.retry_after_ms.map(Duration::from_millis);
        report.cost = json.cost;
        report
    }
}
