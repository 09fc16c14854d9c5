//! The store's numbers. Each is a key of `[storage]`, but the bounds of a queue and of the backlog, and how long things
//! are kept.

use std::{sync::Arc, time::Duration};

use crate::tenants::Quotas;

/// The store's numbers; the defaults are those of the configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Messages that one queue may hold for pull (`[queues] max_messages`).
    pub max_messages: u64,
    /// Deliveries that may be open; 0 for any number (`[delivery] max_backlog`).
    pub max_backlog: u64,
    /// Bytes of the disk that are left free: below it nothing more is taken in.
    pub min_free: u64,
    /// Bytes of the database in use at which nothing more is taken in; 0 for any number.
    pub max_bytes: u64,
    /// How long settled messages are kept (`[retention] settled`).
    pub keep_settled: Duration,
    /// How long dead letters are kept (`[retention] dead_letters`).
    pub keep_dead_letters: Duration,
    /// Different filters that the subscriptions of one queue may have (`[queues] max_filters`).
    pub max_filters: usize,
    /// Bytes that the writer remembers of queues, their subscriptions above all.
    pub index_bytes: usize,
    /// Connections that read.
    pub readers: u32,
    /// Operations that may wait for the writer.
    pub pending_operations: usize,
    /// Bytes of bodies that may wait for the writer.
    pub pending_bytes: u32,
    /// How long an operation may wait for a place among them.
    pub pending_time: Duration,
    /// Operations of one commit.
    pub commit_operations: usize,
    /// Bytes of bodies of one commit.
    pub commit_bytes: usize,
    /// How long outcomes may wait for company before they are committed.
    pub linger: Duration,
    /// Bytes of write-ahead log that are copied back between commits.
    pub checkpoint_bytes: u64,
    /// Bytes of write-ahead log at which commits wait until it is copied back and cut.
    pub wal_bytes: u64,
    /// How long jobs are kept after their end (`[jobs] keep`).
    pub keep_jobs: Duration,
    /// Receipts that may wait for their delivery (`[delivery] max_waiting_receipts`).
    pub waiting_receipts: u64,
    /// How long they wait (`[delivery] receipts_wait`).
    pub receipts_wait: Duration,
    /// What projects may have (`[limits]`, `[tenants.NAME]`); a reload changes it.
    pub quotas: Arc<Quotas>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_messages: 1_000_000,
            max_backlog: 10_000_000,
            min_free: 64 << 20,
            max_bytes: 0,
            keep_settled: Duration::from_secs(7 * 86_400),
            keep_dead_letters: Duration::from_secs(30 * 86_400),
            max_filters: 200,
            index_bytes: 64 << 20,
            readers: 4,
            pending_operations: 8192,
            pending_bytes: 64 << 20,
            pending_time: Duration::from_secs(5),
            commit_operations: 4096,
            commit_bytes: 8 << 20,
            linger: Duration::from_millis(5),
            checkpoint_bytes: 16 << 20,
            wal_bytes: 64 << 20,
            keep_jobs: Duration::from_secs(7 * 86_400),
            waiting_receipts: 10_000,
            receipts_wait: Duration::from_secs(3_600),
            quotas: Arc::default(),
        }
    }
}
