//! Why the store did not do what was asked.

/// Why the store did not do what was asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The commit failed; nothing of it is stored. The same may succeed later.
    #[error("the store could not write: {0}")]
    Unavailable(String),
    /// The disk is full, or nearly: nothing of it is stored. The same succeeds once there is room.
    #[error(
        "there is no room on the disk of the database ([storage] url): {0}; nothing was stored. Make room on the disk: \
         the host goes on by itself"
    )]
    NoSpace(String),
    /// A limit is reached: its name and what it is.
    #[error("{limit} is reached ({value}): try again later, or raise it")]
    Full {
        /// The configuration key.
        limit: &'static str,
        /// Its value.
        value: u64,
    },
    /// More is asked for than a limit allows, and waiting does not help: its name and what it is.
    #[error("{limit} is reached ({value}): end what is not needed, or raise it")]
    TooMany {
        /// The configuration key.
        limit: &'static str,
        /// Its value.
        value: u64,
    },
    /// Somebody was asked to confirm so often that they are left alone for a while.
    #[error(
        "whoever is behind this subscriber was asked to confirm {value} times lately ({limit}): try again in {seconds} s"
    )]
    AskedTooOften {
        /// The configuration key.
        limit: &'static str,
        /// Its value.
        value: u64,
        /// For how long, seconds.
        seconds: u64,
    },
    /// An idempotency key was used before for something else.
    #[error("the idempotency key was used before with another request: use a new key for a new request")]
    KeyReused,
    /// The file is damaged.
    #[error("the database is damaged: {0}; stop the host and restore a backup")]
    Damaged(String),
    /// A stored value cannot be read.
    #[error("the store holds a value that cannot be read: {0}")]
    Corrupt(String),
    /// The store is shutting down.
    #[error("the host is stopping")]
    Closed,
}
