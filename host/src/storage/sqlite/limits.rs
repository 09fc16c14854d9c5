//! The store's numbers.

use std::time::Duration;

/// The store's numbers.
#[derive(Clone, Debug)]
pub(super) struct Limits {
    /// Messages that one queue may hold for pull (`[queues] max_messages`).
    pub(super) max_messages: u64,
    /// Connections that read.
    pub(super) readers: u32,
    /// Operations that may wait for the writer.
    pub(super) pending_operations: usize,
    /// Bytes of bodies that may wait for the writer.
    pub(super) pending_bytes: u32,
    /// Operations of one commit.
    pub(super) commit_operations: usize,
    /// Bytes of bodies of one commit.
    pub(super) commit_bytes: usize,
    /// How long outcomes may wait for company before they are committed.
    pub(super) linger: Duration,
    /// Bytes of write-ahead log that are copied back between commits.
    pub(super) checkpoint_bytes: u64,
    /// Bytes of write-ahead log at which commits wait until it is copied back and cut.
    pub(super) wal_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_messages: 1_000_000,
            readers: 4,
            pending_operations: 8192,
            pending_bytes: 64 << 20,
            commit_operations: 4096,
            commit_bytes: 8 << 20,
            linger: Duration::from_millis(5),
            checkpoint_bytes: 16 << 20,
            wal_bytes: 64 << 20,
        }
    }
}
