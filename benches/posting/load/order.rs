//! What the parent asks of this process, and what it answers.

use std::{net::SocketAddr, path::PathBuf};

use nuncio_benches::Percentiles;
use serde::{Deserialize, Serialize};

use crate::point::Work;

/// Connections.
pub(super) const CONNECTIONS: usize = 64;
/// Queues over which they are spread: no bound of one of them is met.
pub(super) const QUEUES: usize = 8;

/// The name of a queue.
pub(crate) fn queue(index: usize) -> String {
    format!("benchmark-{}", index % QUEUES)
}

/// A load: each connection asks again as soon as it is answered.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Order {
    /// Whom.
    pub(crate) to: SocketAddr,
    /// Whose CPU is counted.
    pub(crate) pid: u32,
    /// What for.
    pub(crate) work: Work,
    /// The size of a message.
    pub(crate) body_bytes: usize,
    /// Seconds under load before anything is measured.
    pub(crate) warm: f64,
    /// Seconds that are measured.
    pub(crate) seconds: f64,
    /// Messages that are posted before, for claims.
    pub(crate) prefilled: u64,
    /// Whether it is looked afterwards if each message is there once.
    pub(crate) counted: bool,
    /// Where `perf record` writes what the server does meanwhile.
    pub(crate) perf: Option<PathBuf>,
}

/// What became of it.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct Loaded {
    /// Rounds of work that were measured: POSTs, or claims with their DELETEs.
    pub(crate) requests: u64,
    /// With those before and after.
    pub(crate) all: u64,
    /// How long was measured.
    pub(crate) seconds: f64,
    /// CPU of the server meanwhile, seconds.
    pub(crate) cpu: f64,
    /// Until the answer, ms.
    pub(crate) times: Percentiles,
}

impl Loaded {
    /// Requests a second.
    pub(crate) fn rate(&self) -> f64 {
        self.requests as f64 / self.seconds
    }

    /// CPU of the server for a request, seconds.
    pub(crate) fn cpu_a_request(&self) -> f64 {
        self.cpu / self.requests as f64
    }

    /// Both together; of times the mean.
    pub(crate) fn and(&self, other: &Self) -> Self {
        Self {
            requests: self.requests + other.requests,
            all: self.all + other.all,
            seconds: self.seconds + other.seconds,
            cpu: self.cpu + other.cpu,
            times: Percentiles {
                p50: f64::midpoint(self.times.p50, other.times.p50),
                p99: f64::midpoint(self.times.p99, other.times.p99),
            },
        }
    }
}
