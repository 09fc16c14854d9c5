//! Queues, and messages as pull sees them.

use bytes::Bytes;
use nuncio_core::{Attributes, ClaimId, MessageId, QueueId};
use serde_json::{Map, Value};

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
    /// What its producer said of it beside the body.
    pub attributes: Attributes,
    /// How often it was claimed.
    pub claims: i64,
    /// The claim that holds it now.
    pub claim: Option<ClaimId>,
}
