//! `[drivers.http]`.

use std::{num::NonZeroU32, path::PathBuf, time::Duration};

use nuncio_plugin_sdk::{JsonSchema, http::Pooling, schemars};
use serde::Deserialize;

/// The settings of the webhook driver; each has a default.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// A PEM file of roots that are trusted besides the system's.
    pub(crate) ca_file: Option<PathBuf>,
    /// The `User-Agent`; `Nuncio/VERSION` when absent.
    pub(crate) user_agent: Option<String>,
    /// The most connections to one `scheme://host:port`, in use or at rest; 64 when absent. Further deliveries wait for
    /// one within their deadline.
    connections: Option<NonZeroU32>,
    /// The most connections at rest, to all hosts together; 512 when absent. The longest at rest is closed first.
    idle_connections: Option<u32>,
    /// For how many seconds a connection rests before it is closed; 30 when absent.
    idle_timeout: Option<u32>,
}

impl Settings {
    /// How many connections are kept.
    pub(crate) fn pooling(&self) -> Pooling {
        let count = |number: u32| usize::try_from(number).unwrap_or(usize::MAX);
        let mut pooling = Pooling::default();
        if let Some(most) = self.connections {
            pooling = pooling.connections(count(most.get()));
        }
        if let Some(most) = self.idle_connections {
            pooling = pooling.idle(count(most));
        }
        if let Some(seconds) = self.idle_timeout {
            pooling = pooling.idle_timeout(Duration::from_secs(seconds.into()));
        }
        pooling
    }
}
