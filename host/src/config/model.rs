//! The configuration as the rest of the host reads it. Defaults are in the table of [`keys`](super::keys).

use std::{collections::BTreeMap, fmt, net::SocketAddr, path::Path, time::Duration};

use nuncio_plugin_sdk::Secret;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::{
    Auth, Choice, DriverRate, Exec, Keystone, Library, Limits, Metrics, Notification, Problem, Queues,
    Settings, SignedUrl, Tls, Websocket,
};
use crate::tenants::Quota;

/// A valid configuration. `Config::default()` is what a host without any configuration runs on.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The HTTP API.
    pub http: Http,
    /// The WebSocket transport.
    pub websocket: Websocket,
    /// Where everything is kept.
    pub storage: Storage,
    /// How long things are kept.
    pub retention: Retention,
    /// Who clients are.
    pub auth: Auth,
    /// What each project may take.
    pub limits: Limits,
    /// The Keystone that vouches for clients.
    pub keystone: Keystone,
    /// Who may be notified.
    pub notification: Notification,
    /// Pre-signed URLs.
    #[serde(default)]
    pub signed_url: SignedUrl,
    /// Limits of queues, messages and subscriptions.
    pub queues: Queues,
    /// The engine of delivery.
    pub delivery: Delivery,
    /// What operators and tenants are told.
    #[serde(default)]
    pub events: Events,
    /// Replays and cancellations by filter.
    pub jobs: Jobs,
    /// What is logged.
    pub log: Log,
    /// `[templates.NAME]`: the sources of named templates, read from their files.
    #[serde(skip)]
    pub templates: BTreeMap<String, Template>,
    /// `[drivers.NAME]`: settings with their secrets resolved. Never shown.
    #[serde(skip)]
    pub drivers: BTreeMap<String, Value>,
    /// `[[libraries]]`
    #[serde(skip)]
    pub libraries: Vec<Library>,
    /// `[[exec]]`
    #[serde(skip)]
    pub exec: Vec<Exec>,
    /// `[schemes]`: who serves a scheme that several drivers claim.
    #[serde(skip)]
    pub schemes: BTreeMap<String, Choice>,
    /// `[tenants.NAME]`: what single projects may take.
    #[serde(skip)]
    pub tenants: BTreeMap<String, Quota>,
    /// `[rates]`: how many attempts may begin in a while to one destination, by driver.
    #[serde(skip)]
    pub rates: BTreeMap<String, DriverRate>,
    /// Every key of the table with its value, by section.
    #[serde(skip)]
    pub values: Value,
    /// Where the settings of drivers stand.
    #[serde(skip)]
    pub settings: Settings,
    /// What is no error and should be mended.
    #[serde(skip)]
    pub warnings: Vec<Problem>,
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config")
            .field("http", &self.http)
            .field("websocket", &self.websocket)
            .field("storage", &self.storage)
            .field("retention", &self.retention)
            .field("notification", &self.notification)
            .field("queues", &self.queues)
            .field("delivery", &self.delivery)
            .field("jobs", &self.jobs)
            .field("log", &self.log)
            .field("templates", &self.templates.keys())
            .field("drivers", &self.drivers.keys())
            .field("libraries", &self.libraries)
            .field("exec", &self.exec)
            .field("schemes", &self.schemes)
            .field("rates", &self.rates)
            .finish_non_exhaustive()
    }
}

/// `[http]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Http {
    /// Where the API listens; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Whether the API is served.
    pub enabled: bool,
    /// The certificates and the key of the listener; `None` for plain HTTP.
    pub tls: Option<Tls>,
    /// How long a client may take for the handshake of TLS.
    #[serde(deserialize_with = "millis")]
    pub handshake_timeout: Duration,
    /// The most handshakes at once.
    pub max_handshakes: usize,
    /// Whether an address that is not loopback may be served without TLS: `refuse` or `allow`.
    pub plain: String,
    /// Who may read `/metrics`.
    pub metrics: Metrics,
    /// The most connections served at once.
    pub max_connections: usize,
    /// How long a client may take to send the head of a request.
    #[serde(deserialize_with = "millis")]
    pub head_timeout: Duration,
    /// How long a client may take to send the body of a request.
    #[serde(deserialize_with = "millis")]
    pub body_timeout: Duration,
    /// Where this host is reached from outside, without a slash at the end.
    pub public_url: Option<String>,
    /// More names under which clients reach this host that prove nothing, lower case.
    pub allow_hosts: Vec<String>,
    /// The largest body of an inbound request and of its answer, bytes.
    pub max_inbound_body: usize,
}

/// `[storage]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Storage {
    /// `sqlite:PATH`
    pub url: String,
    /// The key of what is encrypted in the database; `None` for that of the file beside it.
    pub encryption_key: Option<Secret>,
    /// Connections that read.
    pub readers: u32,
    /// Operations that may wait for the writer.
    pub pending_operations: usize,
    /// Bytes of bodies that may wait for the writer.
    pub pending_bytes: u32,
    /// How long a request may wait for a place among them.
    #[serde(deserialize_with = "millis")]
    pub pending_time: Duration,
    /// Operations of one commit.
    pub commit_operations: usize,
    /// Bytes of bodies of one commit.
    pub commit_bytes: usize,
    /// How long outcomes may wait for company before they are committed.
    #[serde(deserialize_with = "millis")]
    pub linger: Duration,
    /// Bytes that are remembered of queues and their subscriptions.
    pub index_bytes: usize,
    /// Bytes of write-ahead log that are copied back between commits.
    pub checkpoint_bytes: u64,
    /// Bytes of write-ahead log at which commits wait until it is copied back.
    pub wal_bytes: u64,
    /// Bytes of the disk that are left free.
    pub min_free: u64,
    /// Bytes of the database in use at which nothing more is taken in; 0 for any number.
    pub max_bytes: u64,
}

impl Storage {
    /// The path of the database file.
    #[must_use]
    pub fn path(&self) -> &Path {
        Path::new(self.url.strip_prefix("sqlite:").unwrap_or(&self.url))
    }
}

/// `[retention]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Retention {
    /// How long settled messages are kept.
    #[serde(deserialize_with = "millis")]
    pub settled: Duration,
    /// How long dead letters are kept.
    #[serde(deserialize_with = "millis")]
    pub dead_letters: Duration,
}

/// `[delivery]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Delivery {
    /// The most attempts under way at once.
    pub max_in_flight: u32,
    /// Slots of a new destination.
    pub first_slots: u32,
    /// The most slots of a destination.
    pub max_slots: u32,
    /// The most deliveries in memory.
    pub hot_deliveries: usize,
    /// The most memory that messages held for delivery take, bytes.
    pub hot_bytes: u64,
    /// Deliveries that may be open; 0 for any number.
    pub max_backlog: u64,
    /// The most outcomes that are not yet on disk.
    pub undurable_outcomes: usize,
    /// Failures in a row until a destination is taken to be down.
    pub breaker_failures: u32,
    /// The least time over which those failures are spread.
    #[serde(deserialize_with = "millis")]
    pub breaker_span: Duration,
    /// The first time between probes of a destination that is down.
    #[serde(deserialize_with = "millis")]
    pub probe_min: Duration,
    /// The longest time between probes.
    #[serde(deserialize_with = "millis")]
    pub probe_max: Duration,
    /// Total time of one attempt.
    #[serde(deserialize_with = "millis")]
    pub deadline: Duration,
    /// The longest `deadline` that options may ask for.
    #[serde(deserialize_with = "millis")]
    pub max_deadline: Duration,
    /// For [`nuncio_core::retry::Policy::own`], by which it has been checked.
    pub retry: Value,
    /// Private networks that subscriber URIs may lead to.
    pub allow_networks: Vec<String>,
    /// Host names that may lead to private addresses, lower case.
    pub allow_hosts: Vec<String>,
    /// Whether tenants are shown what subscribers answer.
    pub show_responses: bool,
    /// The most recipients of one message.
    pub max_recipients: u32,
    /// How long an idempotency key is remembered.
    #[serde(deserialize_with = "millis")]
    pub idempotency_ttl: Duration,
    /// How long a subscription may fail before it is disabled.
    #[serde(deserialize_with = "millis")]
    pub disable_after: Duration,
    /// How long a receipt waits for its delivery.
    #[serde(deserialize_with = "millis")]
    pub receipts_wait: Duration,
    /// The most receipts that wait.
    pub max_waiting_receipts: u64,
    /// How long attempts under way may take when the host stops.
    #[serde(deserialize_with = "millis")]
    pub shutdown_grace: Duration,
}

/// `[events]`
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Events {
    /// The queue of events; `None` for none.
    pub queue: Option<String>,
    /// The project of that queue; `None` for the project that an event is about.
    pub project: Option<String>,
}

/// `[jobs]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Jobs {
    /// The most deliveries that one commit of a job changes.
    pub slice: u64,
    /// The most jobs of a project that run at once.
    pub max_running: u64,
    /// How long a job is kept after its end.
    #[serde(deserialize_with = "millis")]
    pub keep: Duration,
}

/// `[log]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Log {
    /// A level or directives by module, for `tracing_subscriber::EnvFilter`.
    pub level: String,
    /// How a line is written.
    pub format: Format,
}

/// `log.format`
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// `[templates.NAME]`: the sources of a template's parts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Template {
    /// Of the subject.
    pub subject: Option<String>,
    /// Of the plain text.
    pub text: Option<String>,
    /// Of the HTML form.
    pub html: Option<String>,
}

pub(super) fn millis<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    u64::deserialize(deserializer).map(Duration::from_millis)
}
