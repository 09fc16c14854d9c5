//! How many connections there are.

use std::time::Duration;

/// How many connections a [`Client`](crate::http::Client) keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Pooling {
    /// The most connections to one origin (`scheme://host:port`), in use or at rest; further requests wait.
    pub connections: usize,
    /// The most connections at rest, of all origins; the longest at rest is closed first.
    pub idle: usize,
    /// For how long a connection rests before it is closed.
    pub idle_timeout: Duration,
}

impl Pooling {
    /// The most connections to one origin, at least 1. 64 by default: as many as the host has deliveries under way to
    /// one destination. With 1, an origin of HTTP/2 gets all requests over one connection, as many at a time as it allows.
    #[must_use]
    pub fn connections(mut self, most: usize) -> Self {
        self.connections = most.max(1);
        self
    }

    /// The most connections at rest, of all origins. 512 by default: half of the file descriptors that a process
    /// usually has.
    #[must_use]
    pub const fn idle(mut self, most: usize) -> Self {
        self.idle = most;
        self
    }

    /// For how long a connection rests before it is closed. 30 s by default: most servers close theirs after 60 s or
    /// later, and a request that meets a closing connection may have to be repeated.
    #[must_use]
    pub const fn idle_timeout(mut self, timeout: Duration) -> Self {
        self.idle_timeout = timeout;
        self
    }
}

impl Default for Pooling {
    fn default() -> Self {
        Self { connections: 64, idle: 512, idle_timeout: Duration::from_secs(30) }
    }
}
