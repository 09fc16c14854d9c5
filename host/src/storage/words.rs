//! The nouns that pass between the host and its store.

use std::{collections::BTreeMap, sync::Arc};

use bytes::Bytes;
use nuncio_core::{
    Cursor, Deferred, DeliveryKey, Failure, Fresh, LaneId, Matched, Message, MessageId, Options, ProjectId,
    QueueId, State, SubscriptionId, TargetId, Why,
};
use serde_json::{Map, Value};

/// Why the store did not do what was asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The commit failed; nothing of it is stored. The same may succeed later.
    #[error("the store could not write: {0}")]
    Unavailable(String),
    /// A limit is reached: its name and what it is.
    #[error("{limit} is reached ({value}): try again later, or raise it")]
    Full {
        /// The configuration key.
        limit: &'static str,
        /// Its value.
        value: u64,
    },
    /// An idempotency key was used before for something else.
    #[error("the idempotency key was used before with another request: use a new key for a new request")]
    KeyReused,
    /// A stored value cannot be read.
    #[error("the store holds a value that cannot be read: {0}")]
    Corrupt(String),
    /// The store is shutting down.
    #[error("the host is stopping")]
    Closed,
}

/// One POST: drafts that are accepted or refused together, in one commit.
#[derive(Clone, Debug)]
pub struct Post {
    /// Whose.
    pub project: String,
    /// Where to.
    pub to: Addressed,
    /// The producer's Client-ID.
    pub client: String,
    /// The messages.
    pub drafts: Vec<Draft>,
    /// The producer's idempotency key.
    pub dedup: Option<Dedup>,
}

/// Where a POST goes.
#[derive(Clone, Debug)]
pub enum Addressed {
    /// To a queue, which is made if it is not there; its live subscriptions are matched.
    Queue(String),
    /// To these targets, without a queue.
    Targets(Vec<NewTarget>),
}

/// A producer's idempotency key.
#[derive(Clone, Debug)]
pub struct Dedup {
    /// The key, unique in (project, queue).
    pub key: String,
    /// A digest of the request: the same key with another request is refused.
    pub fingerprint: Vec<u8>,
    /// Until when the key is remembered, Unix milliseconds.
    pub expires: i64,
}

/// A message before it has an id.
#[derive(Clone, Debug)]
pub struct Draft {
    /// Media type of `body`.
    pub content_type: String,
    /// Headers that came with it.
    pub headers: BTreeMap<String, String>,
    /// The body as posted.
    pub body: Bytes,
    /// Life for pull, seconds.
    pub ttl: i64,
    /// Seconds hidden from pull, where the queue delays.
    pub delay: Option<i64>,
    /// When its deliveries begin, Unix milliseconds; 0 is at once.
    pub deliver_at: i64,
    /// When its deliveries end, Unix milliseconds; 0 is by their policy.
    pub deliver_until: i64,
}

/// A target before it has an id: what a driver's `check` made of a URI, with the options it goes with.
#[derive(Clone, Debug)]
pub struct NewTarget {
    /// The driver's name.
    pub driver: String,
    /// What breaks together.
    pub destination: String,
    /// Makes a lane of its own beside the shared one of the destination; empty for the shared one.
    pub lane_key: String,
    /// What the client wrote.
    pub uri: String,
    /// The form that may be shown.
    pub redacted: String,
    /// Its recipients.
    pub addresses: Vec<String>,
    /// The options.
    pub options: Options,
}

/// What became of a POST.
#[derive(Clone, Debug)]
pub struct Accepted {
    /// The messages, in order.
    pub ids: Vec<MessageId>,
    /// The targets that each message of the POST matched: all messages of one POST match the same.
    pub matched: Arc<[Matched]>,
    /// The same POST was accepted before under its idempotency key; nothing was stored now.
    pub duplicate: bool,
}

/// A live queue.
#[derive(Clone, Debug, PartialEq)]
pub struct QueueRow {
    /// Its id.
    pub id: QueueId,
    /// Its name.
    pub name: String,
    /// Its metadata as the client gave it.
    pub metadata: Map<String, Value>,
    /// Grows with each change.
    pub version: i64,
}

/// What a queue holds for pull.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct QueueStats {
    /// Messages that nobody claims.
    pub free: u64,
    /// Messages that somebody claims.
    pub claimed: u64,
    /// The oldest message, with its creation time.
    pub oldest: Option<(MessageId, i64)>,
    /// The newest message, with its creation time.
    pub newest: Option<(MessageId, i64)>,
}

/// What a purge removes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Purge {
    /// The messages, for pull; deliveries are not touched.
    pub messages: bool,
    /// The subscriptions; their waiting deliveries end as cancelled.
    pub subscriptions: bool,
}

/// A subscription before it has an id.
#[derive(Clone, Debug)]
pub struct NewSubscription {
    /// The canonical URI: unique among the live subscriptions of a queue.
    pub uri_key: String,
    /// The target.
    pub target: NewTarget,
    /// Seconds; 0 is for ever.
    pub ttl: i64,
}

/// What became of a wish to subscribe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subscribed {
    /// A new subscription.
    New(SubscriptionId),
    /// It was there; nothing was changed.
    Exists {
        /// Which.
        id: SubscriptionId,
        /// Whether it is confirmed.
        confirmed: bool,
    },
}

/// A live subscription.
#[derive(Clone, Debug, PartialEq)]
pub struct SubscriptionRow {
    /// Its id.
    pub id: SubscriptionId,
    /// Its queue.
    pub queue: String,
    /// What the client wrote.
    pub uri: String,
    /// Its options.
    pub options: Options,
    /// Seconds; 0 is for ever.
    pub ttl: i64,
    /// Since when the ttl runs, Unix milliseconds.
    pub since: i64,
    /// Whether its owner confirmed it.
    pub confirmed: bool,
}

/// What a PATCH changes; what is absent stays.
#[derive(Clone, Debug, Default)]
pub struct SubscriptionChange {
    /// A new target revision (a changed address or changed options) with its canonical URI.
    pub target: Option<(String, NewTarget)>,
    /// A new ttl in seconds; 0 is for ever. Any change restarts the age.
    pub ttl: Option<i64>,
}

/// What became of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Updated {
    /// Done.
    Done,
    /// There is no such thing.
    Absent,
    /// Another one stands in the way, or it was changed in between.
    Conflict,
}

/// Which messages to pull.
#[derive(Clone, Debug, Default)]
pub struct PullFilter {
    /// After this message.
    pub marker: MessageId,
    /// At most so many.
    pub limit: u32,
    /// Without the messages of this client.
    pub without_client: Option<String>,
    /// Claimed ones too.
    pub claimed: bool,
    /// Delayed ones too.
    pub delayed: bool,
}

/// A message as pull sees it.
#[derive(Clone, Debug, PartialEq)]
pub struct Pulled {
    /// Its id.
    pub id: MessageId,
    /// When it came, Unix milliseconds.
    pub created: i64,
    /// Its life, seconds.
    pub ttl: i64,
    /// The body as posted.
    pub body: Bytes,
    /// How often it was claimed.
    pub claims: i64,
}

/// A lane as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LaneRow {
    /// Its id.
    pub id: LaneId,
    /// Whose.
    pub project: ProjectId,
    /// The driver's name.
    pub driver: String,
    /// What breaks together.
    pub destination: String,
}

/// What the writer publishes after a commit. It does not know who listens.
#[derive(Clone, Debug, Default)]
pub struct Committed {
    /// The messages of the commit, ascending.
    pub messages: Vec<Arc<Message>>,
    /// Their deliveries that are due now, in order.
    pub fresh: Vec<Fresh>,
    /// Lanes that are new.
    pub lanes: Vec<LaneRow>,
    /// `deferred` rows that somebody else than the engine wrote: lane and earliest due time.
    pub scheduled: Vec<(LaneId, i64)>,
    /// Subscriptions that were changed or ended: what is remembered of their targets is stale.
    pub changed: Vec<SubscriptionId>,
    /// Queues whose metadata changed.
    pub queues: Vec<QueueId>,
}

/// Where the store stands at start.
#[derive(Clone, Debug)]
pub struct Standing {
    /// The low watermark.
    pub low: Cursor,
    /// The highest message.
    pub head: MessageId,
    /// All lanes.
    pub lanes: Vec<LaneRow>,
    /// Lanes with `deferred` rows, and the earliest due time of each.
    pub waiting: Vec<(LaneId, i64)>,
}

/// A page of `deferred` rows.
#[derive(Clone, Debug, Default)]
pub struct Loaded {
    /// Ascending by (due, message, idx).
    pub rows: Vec<Deferred>,
    /// The due time of the first row that is not in the page.
    pub next_due: Option<i64>,
}

/// A page of the backlog.
#[derive(Clone, Debug)]
pub struct Scanned {
    /// What is open, in order.
    pub fresh: Vec<Fresh>,
    /// Where to go on.
    pub next: Cursor,
    /// The highest message committed when the page was read.
    pub reached: MessageId,
    /// Whether the page went up to `reached`.
    pub end: bool,
}

/// A frozen target together with how its subscription stands now: what a dispatch needs.
#[derive(Clone, Debug)]
pub struct TargetView {
    /// The frozen target.
    pub id: TargetId,
    /// Its subscription; `NONE` for an ad-hoc target.
    pub subscription: SubscriptionId,
    /// The project's name.
    pub project: String,
    /// The queue's name, empty for an ad-hoc target.
    pub queue: String,
    /// The queue's metadata.
    pub queue_metadata: Map<String, Value>,
    /// The subscription has ended (deleted, purged, or its queue was).
    pub ended: bool,
    /// The driver's name.
    pub driver: String,
    /// What the client wrote in the frozen revision.
    pub uri: String,
    /// The recipients of the frozen revision.
    pub addresses: Vec<String>,
    /// What the client wrote in the newest revision.
    pub newest_uri: String,
    /// The recipients of the newest revision.
    pub newest_addresses: Vec<String>,
    /// The driver of the newest revision.
    pub newest_driver: String,
    /// The options of the newest revision.
    pub options: Options,
}

/// Which deliveries to list.
#[derive(Clone, Debug, Default)]
pub struct DeliveryFilter {
    /// In this state.
    pub state: Option<State>,
    /// Of this queue (name).
    pub queue: Option<String>,
    /// Of this subscription.
    pub subscription: Option<SubscriptionId>,
    /// To this destination.
    pub destination: Option<String>,
    /// Before this delivery, newest first.
    pub before: Option<DeliveryKey>,
    /// At most so many.
    pub limit: u32,
}

/// A page of deliveries, newest first. A short page is not the end: the end has no `next`.
#[derive(Clone, Debug, Default)]
pub struct DeliveryPage {
    /// The deliveries.
    pub deliveries: Vec<DeliveryView>,
    /// Where to go on.
    pub next: Option<DeliveryKey>,
}

/// A delivery as the API shows it.
#[derive(Clone, Debug, PartialEq)]
pub struct DeliveryView {
    /// Which.
    pub key: DeliveryKey,
    /// How it stands.
    pub state: State,
    /// Why it waits, where a `deferred` row says so.
    pub why: Option<Why>,
    /// When it is due or was settled, Unix milliseconds; 0 when it is being worked on.
    pub at: i64,
    /// When the message was accepted, Unix milliseconds.
    pub created: i64,
    /// The queue's name, empty without one.
    pub queue: String,
    /// The subscription, `NONE` for an ad-hoc target.
    pub subscription: SubscriptionId,
    /// Its lane.
    pub lane: LaneId,
    /// The driver's name.
    pub driver: String,
    /// What breaks together.
    pub destination: String,
    /// The subscriber, in the form that may be shown.
    pub redacted: String,
    /// The recipient's address.
    pub address: String,
    /// Attempts made.
    pub attempts: u32,
    /// Why it was given up; empty unless dead.
    pub reason: String,
    /// The failed attempts; empty in listings.
    pub failures: Vec<Failure>,
}

/// What became of a retry by hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RequeueResult {
    /// It is due now.
    Due,
    /// It is neither dead nor waiting: its state.
    Settled(State),
    /// Its subscription has ended.
    Ended,
    /// There is no such delivery.
    Absent,
}

/// What became of a cancellation in the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CancelResult {
    /// It is cancelled now.
    Cancelled,
    /// It is being attempted; it is cancelled if this attempt fails. The engine's answer, never the store's.
    InFlight,
    /// It was settled before: its state.
    Settled(State),
    /// There is no such delivery.
    Absent,
}
