//! What a round says.

use nuncio_benches::Percentiles;
use serde::Serialize;

use crate::load::Loaded;

/// A round: the echo, the disk, the host, and the echo again.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Round {
    /// The mean of the echoes around it.
    pub(crate) echo: Loaded,
    /// By which share they differ.
    pub(crate) differ: f64,
    /// Appends that are made durable, alone.
    pub(crate) sync: Percentiles,
    /// The host.
    pub(crate) host: Loaded,
    /// Commits of the host under load.
    pub(crate) commits: f64,
}

impl Round {
    /// Requests a second over the echo's.
    pub(crate) fn over_echo(&self) -> f64 {
        self.host.rate() / self.echo.rate()
    }

    /// CPU of a request over the echo's.
    pub(crate) fn cpu_over_echo(&self) -> f64 {
        self.host.cpu_a_request() / self.echo.cpu_a_request()
    }

    /// The 99th percentile of a request over that of the disk.
    pub(crate) fn over_sync(&self) -> f64 {
        self.host.times.p99 / self.sync.p99
    }
}
