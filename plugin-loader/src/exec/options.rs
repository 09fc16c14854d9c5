//! How a child process is run, and its limits.

use std::{collections::BTreeMap, path::PathBuf, time::Duration};

use super::backoff::Backoff;

/// The longest line either way, in bytes without its end: 16 MiB.
pub const LINE_BYTES: usize = 16 << 20;

/// How a child process is run.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ExecOptions {
    /// The most notices that it holds at once; from there on deliveries wait. 1 to 65,536.
    pub in_flight: u32,
    /// Variables that it is given besides the few that are passed on. Not for secrets: others can read them.
    pub environment: BTreeMap<String, String>,
    /// Where it runs; the host's own working directory if absent.
    pub directory: Option<PathBuf>,
    /// How long it has for its hello.
    pub hello: Duration,
    /// How long it has to answer `create`.
    pub ready: Duration,
    /// How long it has to answer a call.
    pub call: Duration,
    /// How long it may leave its stdin unread, or a cancelled delivery without a completion, before it counts as hung
    /// and is started anew.
    pub stall: Duration,
    /// How often a driver that lists `disabled` is asked.
    pub ask: Duration,
    /// How long it waits for its next life.
    pub backoff: Backoff,
}

impl Default for ExecOptions {
    fn default() -> Self {
        Self {
            in_flight: 1024,
            environment: BTreeMap::new(),
            directory: None,
            hello: Duration::from_secs(10),
            ready: Duration::from_secs(30),
            call: Duration::from_secs(10),
            stall: Duration::from_mins(1),
            ask: Duration::from_secs(1),
            backoff: Backoff::default(),
        }
    }
}

impl ExecOptions {
    /// The slots: `in_flight` within its bounds.
    pub(super) fn slots(&self) -> u32 {
        self.in_flight.clamp(1, 65_536)
    }
}
