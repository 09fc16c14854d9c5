//! How much a project may have. Shared with the store, which counts within the commit that adds.

use std::{
    collections::BTreeMap,
    sync::{PoisonError, RwLock},
};

/// How much one project may have and take; 0 for any number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize)]
pub struct Quota {
    /// Requests in a second.
    pub requests_per_second: u64,
    /// Messages posted in a second.
    pub messages_per_second: u64,
    /// WebSocket connections at once.
    pub websocket_connections: u64,
    /// Queues.
    pub queues: u64,
    /// Subscriptions.
    pub subscriptions: u64,
    /// Devices.
    pub devices: u64,
    /// Messages in the store.
    pub stored_messages: u64,
    /// Bytes of their bodies.
    pub stored_bytes: u64,
}

/// The quotas of all projects; a reload changes them.
#[derive(Debug, Default)]
pub struct Quotas(RwLock<Table>);

#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Table {
    general: Quota,
    own: BTreeMap<String, Quota>,
}

impl Quotas {
    /// `general` for every project, but for those of `own`.
    #[must_use]
    pub fn new(general: Quota, own: BTreeMap<String, Quota>) -> Self {
        Self(RwLock::new(Table { general, own }))
    }

    /// The quota of a project.
    #[must_use]
    pub fn of(&self, project: &str) -> Quota {
        let table = self.0.read().unwrap_or_else(PoisonError::into_inner);
        table.own.get(project).copied().unwrap_or(table.general)
    }

    /// Puts others in their place.
    pub fn change(&self, general: Quota, own: BTreeMap<String, Quota>) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Table { general, own };
    }
}

impl PartialEq for Quotas {
    fn eq(&self, other: &Self) -> bool {
        let table = |one: &Self| one.0.read().unwrap_or_else(PoisonError::into_inner).clone();
        table(self) == table(other)
    }
}

impl Eq for Quotas {}
