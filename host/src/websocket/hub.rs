//! The hub: which connections there are, and which subscription is attached to which of them.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use nuncio_core::SubscriptionId;
use uuid::Uuid;

use super::{form::Form, outbox::Outbox};
use crate::storage::own_destination;

/// A connection: nobody can guess the number of another's.
pub(super) type ConnectionId = Uuid;

/// Where what is pushed goes.
#[derive(Clone)]
pub(super) struct Attached {
    connection: ConnectionId,
    /// The form in which the client asked for it.
    pub(super) form: Form,
    /// What waits to be written there.
    pub(super) outbox: Arc<Outbox>,
}

/// A subscription by its two names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Named {
    /// Its number within the host.
    pub(super) id: SubscriptionId,
    /// Its public id.
    pub(super) public: String,
}

/// The hub.
#[derive(Default)]
pub struct Hub(Mutex<Known>);

#[derive(Default)]
struct Known {
    connections: HashSet<ConnectionId>,
    /// By the public id of the subscription.
    attached: HashMap<String, Attached>,
    /// The destinations of what is attached.
    destinations: HashSet<String>,
}

impl std::fmt::Debug for Hub {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Hub").field("connections", &self.lock().connections.len()).finish_non_exhaustive()
    }
}

impl Hub {
    /// A connection is there.
    pub(super) fn enter(&self) -> ConnectionId {
        let id = Uuid::new_v4();
        self.lock().connections.insert(id);
        id
    }

    /// Whether a connection is there.
    pub(super) fn has(&self, connection: ConnectionId) -> bool {
        self.lock().connections.contains(&connection)
    }

    /// Attaches a subscription to a connection, whichever it was attached to before. `false` where the connection is
    /// gone.
    pub(super) fn attach(
        &self,
        connection: ConnectionId,
        subscription: &Named,
        form: Form,
        outbox: Arc<Outbox>,
    ) -> bool {
        let mut known = self.lock();
        if !known.connections.contains(&connection) {
            return false;
        }
        known.destinations.insert(own_destination(subscription.id));
        known.attached.insert(subscription.public.clone(), Attached { connection, form, outbox });
        true
    }

    /// Detaches a subscription from a connection; `false` where it is not attached to that one.
    pub(super) fn detach(&self, connection: ConnectionId, subscription: &Named) -> bool {
        let mut known = self.lock();
        let here = known.attached.get(&subscription.public).is_some_and(|one| one.connection == connection);
        if here {
            known.attached.remove(&subscription.public);
            known.destinations.remove(&own_destination(subscription.id));
        }
        here
    }

    /// A connection is gone.
    pub(super) fn leave(&self, connection: ConnectionId) {
        self.lock().connections.remove(&connection);
    }

    /// Where the subscription with this public id is attached.
    pub(super) fn find(&self, public: &str) -> Option<Attached> {
        self.lock().attached.get(public).cloned()
    }

    /// Whether the subscription with this destination is attached.
    pub(super) fn is_attached(&self, destination: &str) -> bool {
        self.lock().destinations.contains(destination)
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(id: i64) -> Named {
        Named { id: SubscriptionId(id), public: format!("public {id}") }
    }

    fn outbox() -> Arc<Outbox> {
        Arc::new(Outbox::new(10))
    }

    #[test]
    fn the_last_to_attach_has_it_and_only_he_can_detach_it() {
        let hub = Hub::default();
        let (first, second, one) = (hub.enter(), hub.enter(), named(1));
        assert!(hub.attach(first, &one, Form::Json, outbox()));
        assert!(hub.attach(second, &one, Form::MessagePack, outbox()));
        assert!(hub.find(&one.public).is_some_and(|found| found.form == Form::MessagePack));
        assert!(!hub.detach(first, &one));
        assert!(hub.is_attached(&own_destination(one.id)));
        assert!(hub.detach(second, &one));
        assert!(!hub.is_attached(&own_destination(one.id)) && hub.find(&one.public).is_none());
    }

    #[test]
    fn nothing_is_attached_to_a_connection_that_is_gone() {
        let hub = Hub::default();
        let gone = hub.enter();
        assert!(hub.has(gone));
        hub.leave(gone);
        assert!(!hub.has(gone) && !hub.attach(gone, &named(1), Form::Json, outbox()));
    }
}
