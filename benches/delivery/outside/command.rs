//! What the parent asks of this process, and what it answers: a line of JSON each.

use std::net::SocketAddr;

use nuncio_benches::Percentiles;
use serde::{Deserialize, Serialize};

/// A line from the parent.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Command {
    /// Forget what has arrived.
    Reset,
    /// Post messages, and wait until they have arrived.
    Load(Load),
    /// Say what has arrived.
    Count,
    /// Fill a host with what only lies there.
    Fill(SocketAddr, Ballast),
}

/// A line to the parent.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Answer {
    /// Where the sink listens: the first thing said.
    Listening(Vec<SocketAddr>),
    Reset,
    Loaded(Loaded),
    Filled,
    /// Deliveries that arrived, each counted once.
    Counted(u64),
    /// Why it was not done.
    Failed(String),
}

/// What only lies in a store.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) enum Ballast {
    /// Subscriptions to queues that nobody posts to.
    Subscriptions {
        /// The first.
        from: u64,
        /// The one after the last.
        to: u64,
        /// How many a queue has.
        of_a_queue: u64,
    },
    /// Deliveries that are due in a month.
    Waiting {
        /// How many.
        deliveries: u64,
    },
}

/// A load.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Load {
    /// The host.
    pub(crate) host: SocketAddr,
    /// The queue.
    pub(crate) queue: String,
    /// How fast.
    pub(crate) pace: Pace,
    /// How long messages are posted.
    pub(crate) seconds: f64,
    /// How many messages are posted at most.
    pub(crate) most: u64,
    /// Connections to the host.
    pub(crate) connections: usize,
    /// Messages in one POST.
    pub(crate) batch: usize,
    /// The size of a message.
    pub(crate) body_bytes: usize,
    /// How many deliveries each message is owed: those to endpoints that answer.
    pub(crate) fan_out: u64,
}

/// How fast messages are posted.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) enum Pace {
    /// Each connection posts again when it was answered, while fewer deliveries than this are owed.
    Closed(u64),
    /// So many messages a second, whatever the answers.
    Open(f64),
}

/// What became of a load.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Loaded {
    /// Messages that were acknowledged.
    pub(crate) messages: u64,
    /// POSTs that were refused for now (503) and repeated.
    pub(crate) refused: u64,
    /// Deliveries that arrived, each counted once.
    pub(crate) received: u64,
    /// Deliveries that are owed and did not arrive.
    pub(crate) missing: u64,
    /// Deliveries that arrived again.
    pub(crate) duplicates: u64,
    /// From the first POST to the last arrival, seconds.
    pub(crate) seconds: f64,
    /// From a POST to its answer, ms.
    pub(crate) post: Percentiles,
    /// From a POST to the arrival of each of its deliveries, ms.
    pub(crate) arrival: Percentiles,
}
