//! One request at its origin.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::OwnedSemaphorePermit;

use super::{
    super::{dial::Dial, endpoint::Endpoint, http1::Http1},
    limits::Pooling,
    reaper::Reaper,
    state::{Door, Found, State},
};

/// What all requests share.
pub(super) struct Shared {
    pub(super) dial: Dial,
    pub(super) limits: Pooling,
    state: Mutex<State>,
    pub(super) reaper: Reaper,
}

impl Shared {
    pub(super) fn new(dial: Dial, limits: Pooling) -> Self {
        Self { dial, limits, state: Mutex::default(), reaper: Reaper::default() }
    }

    /// What is known; nobody waits for anything while holding it.
    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// There is something at rest.
    pub(super) fn watch(self: &Arc<Self>) {
        self.reaper.watch(self);
    }
}

/// A request that came to its origin; leaving is dropping it.
pub(super) struct Visit {
    pub(super) shared: Arc<Shared>,
    pub(super) door: Arc<Door>,
    left: bool,
}

impl Visit {
    /// A request that comes to `to`, and what there is for it.
    pub(super) fn new(shared: &Arc<Shared>, to: &Endpoint, fresh: bool) -> (Self, Found) {
        let (door, found, gone) = shared.state().arrive(to.key(), &shared.limits, fresh);
        drop(gone);
        (Self { shared: Arc::clone(shared), door, left: false }, found)
    }

    /// Lays `connection` to rest and leaves. Its slot is free only afterwards, so that the next one finds it.
    pub(super) fn rest(mut self, connection: Box<Http1>, slot: OwnedSemaphorePermit) {
        let gone = self.shared.state().rest(&self.door.origin, connection, &self.shared.limits);
        self.left = true;
        drop((gone, slot));
        self.shared.watch();
    }
}

impl Drop for Visit {
    fn drop(&mut self) {
        if !self.left {
            self.shared.state().leave(&self.door.origin);
        }
    }
}
