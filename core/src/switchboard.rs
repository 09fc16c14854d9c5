//! The drivers of now, for everybody who must hear when they change.

use std::sync::{Arc, PoisonError, RwLock};

use crate::Dispatcher;

/// Holds the dispatcher of now. Changed settings replace it as a whole; what was begun ends with the old one.
///
/// Cloned handles share it. [`now`](Self::now) takes a read lock for as long as a pointer is copied.
#[derive(Clone, Debug)]
pub struct Switchboard(Arc<RwLock<Dispatcher>>);

impl Switchboard {
    /// Begins with `dispatcher`.
    #[must_use]
    pub fn new(dispatcher: Dispatcher) -> Self {
        Self(Arc::new(RwLock::new(dispatcher)))
    }

    /// The drivers of now.
    #[must_use]
    pub fn now(&self) -> Dispatcher {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Puts `dispatcher` in the place of the one of now, which is returned.
    pub fn switch(&self, dispatcher: Dispatcher) -> Dispatcher {
        std::mem::replace(&mut self.0.write().unwrap_or_else(PoisonError::into_inner), dispatcher)
    }
}

impl From<Dispatcher> for Switchboard {
    fn from(dispatcher: Dispatcher) -> Self {
        Self::new(dispatcher)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Driver, Manifest, Notice, Origin, Outcome, Outcomes, Registry};

    struct Silent;

    #[async_trait::async_trait]
    impl Driver for Silent {
        async fn deliver(&self, _: &Notice<'_>) -> Outcomes {
            Outcome::Delivered.into()
        }
    }

    #[test]
    fn every_handle_sees_the_switch_and_what_was_taken_stays() {
        let board = Switchboard::new(Registry::default().into_dispatcher());
        let (other, before) = (board.clone(), board.now());
        let mut registry = Registry::default();
        registry.add(Manifest::new("a", "1", &["x"]), Origin::Host, Arc::new(Silent)).unwrap();
        let old = board.switch(registry.into_dispatcher());
        assert!(other.now().by_scheme("x").is_some());
        assert!(old.by_scheme("x").is_none() && before.by_scheme("x").is_none());
    }
}
