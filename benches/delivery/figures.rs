//! What is measured of a host at a point, in one round.

use serde::Serialize;

use crate::{outside::Loaded, raw::Ceiling};

/// One round of one host.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Figures {
    /// Under as much load as it takes.
    pub(crate) full: Loaded,
    /// At half of that.
    pub(crate) half: Loaded,
    /// Messages a second at half load.
    pub(crate) half_rate: f64,
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
}

/// A round: both RAWs and the hosts between them.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Round {
    /// The mean of the RAWs around it.
    pub(crate) raw: Ceiling,
    /// By which share they differ.
    pub(crate) differ: f64,
    /// The host without storage, where it was measured.
    pub(crate) null: Option<Figures>,
    /// The host as it is.
    pub(crate) sqlite: Figures,
}

impl Round {
    /// Deliveries a second over RAW.
    pub(crate) fn over_raw(&self) -> f64 {
        self.sqlite.rate() / self.raw.rate
    }

    /// Deliveries a second over z.
    pub(crate) fn over_null(&self) -> Option<f64> {
        self.null.as_ref().map(|null| self.sqlite.rate() / null.rate())
    }

    /// The same by CPU: what a machine that stands still would show.
    pub(crate) fn over_null_by_cpu(&self) -> Option<f64> {
        self.null.as_ref().map(|null| null.cpu_a_delivery() / self.sqlite.cpu_a_delivery())
    }

    /// CPU of a delivery over that of RAW.
    pub(crate) fn cpu_over_raw(&self) -> f64 {
        self.sqlite.cpu_a_delivery() / self.raw.cpu
    }
}
