//! What a POST is made of.

use std::{collections::BTreeMap, sync::Arc};

use bytes::Bytes;
use nuncio_core::{Attributes, Kind, LaneRules, Matched, MessageId, Options};

/// One POST: drafts that are accepted or refused together, in one commit.
#[derive(Clone, Debug)]
pub struct Post {
    /// Whose.
    pub project: String,
    /// Where to.
    pub to: Addressed,
    /// Why its messages exist.
    pub kind: Kind,
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
    /// What its producer says of it beside the body.
    pub attributes: Attributes,
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
    /// What breaks together; empty for that of its subscription alone.
    pub destination: String,
    /// Makes a lane of its own beside the shared one of the destination; empty for the shared one.
    pub lane_key: String,
    /// What its subscription asks of its lane; one that asks for anything has a lane of its own.
    pub rules: LaneRules,
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
    /// The targets that each message matched, in the order of `ids`; equal lists are shared.
    pub matched: Vec<Arc<[Matched]>>,
    /// The same POST was accepted before under its idempotency key; nothing was stored now.
    pub duplicate: bool,
}
