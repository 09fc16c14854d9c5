//! Commands that talk to a running host: deliveries, replays, cancellations and their jobs.

mod bulk;
mod deliveries;
mod devices;
mod host;
mod jobs;
mod progress;
mod which;

pub(super) use bulk::{Cancel, Replay, cancel, replay};
pub(super) use deliveries::{Arguments as Deliveries, run as deliveries};
pub(super) use devices::{Arguments as Devices, run as devices};
pub(super) use host::{Host, Place, Posted, encoded};
pub(super) use jobs::{Arguments as Jobs, run as jobs};
