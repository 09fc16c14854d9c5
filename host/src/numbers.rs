//! From the configuration to the numbers of the store and of the listener.

use std::sync::Arc;

use crate::{config::Config, listener, storage::sqlite};

/// What clients of the listener may take.
pub(crate) fn bounds(config: &Config) -> listener::Bounds {
    let http = &config.http;
    listener::Bounds {
        connections: http.max_connections,
        head: http.head_timeout,
        handshakes: http.max_handshakes,
        handshake: http.handshake_timeout,
    }
}

/// The store's numbers; quotas are added by who has them.
pub(crate) fn limits(config: &Config) -> sqlite::Limits {
    let storage = &config.storage;
    sqlite::Limits {
        max_messages: config.queues.max_messages,
        max_backlog: config.delivery.max_backlog,
        min_free: storage.min_free,
        max_bytes: storage.max_bytes,
        keep_settled: config.retention.settled,
        keep_dead_letters: config.retention.dead_letters,
        readers: storage.readers,
        pending_operations: storage.pending_operations,
        pending_bytes: storage.pending_bytes,
        pending_time: storage.pending_time,
        commit_operations: storage.commit_operations,
        commit_bytes: storage.commit_bytes,
        linger: storage.linger,
        index_bytes: storage.index_bytes,
        max_filters: config.queues.max_filters,
        checkpoint_bytes: storage.checkpoint_bytes,
        wal_bytes: storage.wal_bytes,
        keep_jobs: config.jobs.keep,
        waiting_receipts: config.delivery.max_waiting_receipts,
        receipts_wait: config.delivery.receipts_wait,
        quotas: Arc::default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stores_own_defaults_are_those_of_the_configuration() {
        assert_eq!(limits(&Config::default()), sqlite::Limits::default());
    }
}
