//! The configuration as the rest of the host reads it. Defaults are in the table of [`keys`](super::keys).

use std::{collections::BTreeMap, fmt, net::SocketAddr, path::Path, time::Duration};

use nuncio_plugin_sdk::Secret;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::{Choice, DriverRate, Exec, Library, Problem, Settings};

/// A valid configuration. `Config::default()` is what a host without any configuration runs on.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The HTTP API.
    pub http: Http,
    /// Where everything is kept.
    pub storage: Storage,
    /// How long things are kept.
    pub retention: Retention,
    /// Who clients are.
    pub auth: Auth,
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
    /// Where the API listens; loopback only, port 0 takes a free one.
    pub listen: SocketAddr,
    /// The most connections served at once.
    pub max_connections: usize,
    /// How long a client may take to send the head of a request.
    #[serde(deserialize_with = "millis")]
    pub head_timeout: Duration,
    /// How long a client may take to send the body of a request.
    #[serde(deserialize_with = "millis")]
    pub body_timeout: Duration,
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

/// `[auth]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Auth {
    /// How clients prove who they are.
    pub strategy: Strategy,
    /// The most API keys.
    pub max_keys: u64,
    /// Roles that may do everything, lower case.
    pub admin_roles: Vec<String>,
    /// Roles that may do everything of their project, lower case.
    pub member_roles: Vec<String>,
    /// Roles that may look, lower case.
    pub reader_roles: Vec<String>,
    /// Roles that may post, lower case.
    pub publisher_roles: Vec<String>,
}

/// `auth.strategy`
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Strategy {
    /// Not at all: the headers are believed.
    None,
    /// By API keys.
    Token,
}

/// `[notification]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Notification {
    /// The schemes that may be subscribed, lower case; `None` for every one that has a driver.
    pub subscriber_types: Option<Vec<String>>,
    /// `none` is the only one of this version.
    pub require_confirmation: String,
}

/// `[signed_url]`
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignedUrl {
    /// The key with which URLs are signed; `None` for the one that the store made.
    pub secret_key: Option<Secret>,
}

/// `[queues]`: Zaqar's `[transport]` options under their names. Times in seconds, sizes in bytes.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Queues {
    /// Life of a message that names none, seconds.
    pub default_message_ttl: i64,
    /// Delay of a message that names none, seconds.
    pub default_message_delay: i64,
    /// Life of a claim that names none, seconds.
    pub default_claim_ttl: i64,
    /// Life of a message after a claim that names none, seconds.
    pub default_claim_grace: i64,
    /// Life of a subscription that names none, seconds.
    pub default_subscription_ttl: i64,
    /// The longest life of a message, seconds.
    pub max_message_ttl: i64,
    /// The longest delay of a message, seconds.
    pub max_message_delay: i64,
    /// The longest life of a claim, seconds.
    pub max_claim_ttl: i64,
    /// The longest life of a message after its claim, seconds.
    pub max_claim_grace: i64,
    /// The most queues in a page.
    pub max_queues_per_page: u32,
    /// The most messages in a page.
    pub max_messages_per_page: u32,
    /// The most subscriptions in a page.
    pub max_subscriptions_per_page: u32,
    /// The most messages taken at once.
    pub max_messages_per_claim_or_pop: u32,
    /// Whether several messages are deleted only with the claims that hold them.
    pub message_delete_with_claim_id: bool,
    /// Whether messages are shown with a checksum.
    pub enable_checksum: bool,
    /// The largest metadata of a queue, bytes.
    pub max_queue_metadata: usize,
    /// The largest body of a POST of messages, bytes.
    pub max_messages_post_size: usize,
    /// The largest body of a POST of a notification, with its attachments in base64, bytes.
    pub max_notification_size: usize,
    /// The most messages in a queue.
    pub max_messages: u64,
    /// The most attributes of a message.
    pub max_attributes: usize,
    /// The largest attributes of a message as JSON, bytes.
    pub max_attributes_size: usize,
    /// The most different filters of a queue.
    pub max_filters: usize,
    /// The most keys of a filter.
    pub max_filter_keys: usize,
    /// The most combinations of values of a filter.
    pub max_filter_combinations: u64,
    /// The largest filter as JSON, bytes.
    pub max_filter_size: usize,
    /// Whether a Client-ID must be a UUID.
    pub client_id_uuid_safe: Uuids,
    /// The shortest Client-ID that is no UUID, characters.
    pub min_length_client_id: usize,
    /// The longest Client-ID that is no UUID, characters.
    pub max_length_client_id: usize,
}

/// `client_id_uuid_safe`
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Uuids {
    /// A Client-ID must be a UUID.
    Strict,
    /// Any text of a length within the two limits.
    Off,
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
    /// The most recipients of one message.
    pub max_recipients: u32,
    /// How long an idempotency key is remembered.
    #[serde(deserialize_with = "millis")]
    pub idempotency_ttl: Duration,
    /// How long a subscription may fail before it is disabled.
    #[serde(deserialize_with = "millis")]
    pub disable_after: Duration,
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

fn millis<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    u64::deserialize(deserializer).map(Duration::from_millis)
}
