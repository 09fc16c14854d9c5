//! Who is inside the driver: it is destroyed when nobody is.

use std::sync::{
    Condvar, Mutex, PoisonError,
    atomic::{AtomicUsize, Ordering::SeqCst},
};

const CLOSED: usize = 1 << (usize::BITS - 1);

/// Counts who is inside the driver. No lock is held by who enters, so that the driver may call back and be entered
/// again from inside.
#[derive(Debug, Default)]
pub(super) struct Gate {
    inside: AtomicUsize,
    lock: Mutex<()>,
    empty: Condvar,
}

/// One who is inside.
#[derive(Debug)]
pub(super) struct Inside<'a>(&'a Gate);

impl Gate {
    /// Goes inside; not once it is closed.
    pub(super) fn enter(&self) -> Option<Inside<'_>> {
        let inside = Inside(self);
        let before = self.inside.fetch_add(1, SeqCst);
        (before & CLOSED == 0).then_some(inside)
    }

    /// Lets nobody in any more and waits until nobody is inside.
    pub(super) fn close(&self) {
        self.inside.fetch_or(CLOSED, SeqCst);
        let mut guard = self.lock.lock().unwrap_or_else(PoisonError::into_inner);
        while self.inside.load(SeqCst) != CLOSED {
            guard = self.empty.wait(guard).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

impl Drop for Inside<'_> {
    fn drop(&mut self) {
        if self.0.inside.fetch_sub(1, SeqCst) == CLOSED + 1 {
            // The lock, so that who closes does not miss it between its look and its wait.
            let guard = self.0.lock.lock().unwrap_or_else(PoisonError::into_inner);
            self.0.empty.notify_all();
            drop(guard);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{sync::Arc, thread};

    #[test]
    fn a_closed_gate_lets_nobody_in_and_closes_when_all_are_out() {
        let gate = Arc::new(Gate::default());
        let inside = gate.enter().unwrap();
        let again = gate.enter().unwrap();
        let closing = thread::spawn({
            let gate = Arc::clone(&gate);
            move || gate.close()
        });
        while gate.enter().is_some() {
            thread::yield_now();
        }
        drop(again);
        assert!(!closing.is_finished());
        drop(inside);
        closing.join().unwrap();
    }
}
