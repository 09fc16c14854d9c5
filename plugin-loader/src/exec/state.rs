//! Whether there is a process to deliver with.

use std::sync::{Arc, Mutex, PoisonError};

use super::life::Life;

/// The life that there is now, or why there is none.
pub(super) struct State(Mutex<Now>);

enum Now {
    Up(Arc<Life>),
    Down(String),
}

impl State {
    pub(super) fn up(life: Arc<Life>) -> Self {
        Self(Mutex::new(Now::Up(life)))
    }

    /// The life that there is now.
    ///
    /// # Errors
    /// Why there is none.
    pub(super) fn life(&self) -> Result<Arc<Life>, String> {
        match &*self.0.lock().unwrap_or_else(PoisonError::into_inner) {
            Now::Up(life) => Ok(Arc::clone(life)),
            Now::Down(reason) => Err(reason.clone()),
        }
    }

    /// There is a new life.
    pub(super) fn rise(&self, life: Arc<Life>) {
        self.set(Now::Up(life));
    }

    /// There is none, because of `reason`.
    pub(super) fn fall(&self, reason: impl Into<String>) {
        self.set(Now::Down(reason.into()));
    }

    fn set(&self, now: Now) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = now;
    }
}
