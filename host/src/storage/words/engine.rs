//! What passes between the store and the engine.

use std::sync::Arc;

use nuncio_core::{
    Cursor, Deferred, Fresh, LaneId, LaneRules, Message, MessageId, ProjectId, QueueId, SubscriptionId,
};

use super::receipt::GoneLater;

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
    /// What its subscription asks of it; nothing for a shared lane.
    pub rules: LaneRules,
}

/// What the writer publishes after a commit. It does not know who listens.
#[derive(Clone, Debug, Default)]
pub struct Committed {
    /// The messages of the commit, ascending.
    pub messages: Vec<Arc<Message>>,
    /// Their deliveries that are due now, in order.
    pub fresh: Vec<Fresh>,
    /// Where those begin that are not in `fresh` since they are too many.
    pub rest: Option<Cursor>,
    /// Lanes that are new, or lead elsewhere or by other rules than before.
    pub lanes: Vec<LaneRow>,
    /// Lanes that are no more: nothing leads to them, nothing waits in them, and their numbers are not given again.
    pub lanes_gone: Vec<LaneId>,
    /// `deferred` rows that somebody else than the engine wrote: lane and earliest due time.
    pub scheduled: Vec<(LaneId, i64)>,
    /// Subscriptions that were changed or ended: what is remembered of their targets is stale.
    pub changed: Vec<SubscriptionId>,
    /// Queues whose metadata changed.
    pub queues: Vec<QueueId>,
    /// Addresses of which receipts say that they must not be used any more.
    pub gone_later: Vec<GoneLater>,
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
