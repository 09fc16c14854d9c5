//! What is measured of a host at a point, in one round.

use serde::Serialize;

use crate::{machine::Usage, outside::Loaded, raw::Ceiling};

/// One round of one host.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Figures {
    /// Under as much load as it takes.
    pub(crate) full: Loaded,
    /// At half of that.
    pub(crate) half: Loaded,
    /// CPU of the host under full load, seconds.
    pub(crate) cpu: f64,
    /// Commits under full load.
    pub(crate) commits: f64,
    /// Bytes written under full load.
    pub(crate) written: u64,
    /// Resident memory after full load, bytes.
    pub(crate) resident: u64,
    /// From its start until it listened, milliseconds.
    pub(crate) started_ms: f64,
    /// Resident memory before any load, bytes.
    pub(crate) idle: u64,
}

impl Figures {
    /// Deliveries a second.
    pub(crate) fn rate(&self) -> f64 {
        self.full.received as f64 / self.full.seconds
    }

    /// CPU of a delivery, seconds.
    pub(crate) fn cpu_a_delivery(&self) -> f64 {
        self.cpu / self.full.received as f64
    }

    /// Of what was used from `before` to `after` a full load.
    pub(crate) fn used(before: Usage, after: Usage) -> (f64, u64) {
        (after.cpu - before.cpu, after.written - before.written)
    }
}

/// A round that counts: both RAWs and the hosts between them.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Round {
    /// The mean of the RAWs around it.
    pub(crate) raw: Ceiling,
    /// SQLite.
    pub(crate) sqlite: Figures,
}
