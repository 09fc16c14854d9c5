//! `[websocket]`

use std::{net::SocketAddr, time::Duration};

use serde::Deserialize;

use super::model::millis;

/// `[websocket]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Websocket {
    /// Whether it is spoken.
    pub enabled: bool,
    /// A listener of its own; `None` for `/` of the HTTP port.
    pub listen: Option<SocketAddr>,
    /// The most connections at once.
    pub max_connections: u32,
    /// The most of them on which nobody was let in yet.
    pub max_unauthenticated: u32,
    /// How long nobody may be let in on a connection.
    #[serde(deserialize_with = "millis")]
    pub login_timeout: Duration,
    /// The most subscriptions of a connection.
    pub max_subscriptions: usize,
    /// The most posts of a connection that are stored at once.
    pub max_pipelined: usize,
    /// The most bytes that wait to be pushed on a connection.
    pub max_pending_bytes: usize,
    /// How long a client may take to read what it is sent.
    #[serde(deserialize_with = "millis")]
    pub write_timeout: Duration,
    /// How often a connection is pinged.
    #[serde(deserialize_with = "millis")]
    pub ping_interval: Duration,
    /// How long nothing may be heard on a connection.
    #[serde(deserialize_with = "millis")]
    pub idle_timeout: Duration,
    /// How long a client may take to answer a close.
    #[serde(deserialize_with = "millis")]
    pub close_timeout: Duration,
    /// Web pages that may connect, lower case.
    pub allow_origins: Vec<String>,
}

impl Websocket {
    /// Whether it is spoken at `/` of the HTTP port.
    #[must_use]
    pub const fn on_http_port(&self) -> bool {
        self.enabled && self.listen.is_none()
    }
}
