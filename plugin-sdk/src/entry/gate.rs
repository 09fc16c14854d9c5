//! Who is inside a call of the host, so that shutdown can wait for them and let nobody else in.

use std::sync::{
    Condvar, Mutex, PoisonError,
    atomic::{AtomicUsize, Ordering},
};

const CLOSED: usize = 1 << (usize::BITS - 1);

/// Counts who is inside; once closed it lets nobody in.
#[derive(Debug, Default)]
pub(super) struct Gate {
    inside: AtomicUsize,
    last: Mutex<()>,
    left: Condvar,
}

/// Somebody who is inside.
#[derive(Debug)]
pub(super) struct Inside<'a>(&'a Gate);

impl Gate {
    /// Goes in, unless it is closed.
    pub(super) fn enter(&self) -> Option<Inside<'_>> {
        let inside = Inside(self);
        (self.inside.fetch_add(1, Ordering::AcqRel) & CLOSED == 0).then_some(inside)
    }

    /// Whether somebody is inside at the moment.
    pub(super) fn is_busy(&self) -> bool {
        self.inside.load(Ordering::Acquire) & !CLOSED > 0
    }

    /// Lets nobody in from now on, and waits for those who are inside.
    pub(super) fn close(&self) {
        self.inside.fetch_or(CLOSED, Ordering::AcqRel);
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        while self.is_busy() {
            last = self.left.wait(last).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

impl Inside<'_> {
    /// Goes out; who is alone in there does `last` before.
    pub(super) fn leave(self, last: impl FnOnce()) {
        if self.0.inside.load(Ordering::Acquire) & !CLOSED == 1 {
            last();
        }
    }
}

impl Drop for Inside<'_> {
    fn drop(&mut self) {
        if self.0.inside.fetch_sub(1, Ordering::AcqRel) == CLOSED | 1 {
            // Under the lock, so that it does not fall between the look and the wait of `close`.
            let _last = self.0.last.lock().unwrap_or_else(PoisonError::into_inner);
            self.0.left.notify_all();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{sync::Arc, thread};

    #[test]
    fn closing_waits_for_who_is_inside_and_lets_nobody_in() {
        let gate = Arc::new(Gate::default());
        let inside = gate.enter().unwrap();
        let closing = thread::spawn({
            let gate = gate.clone();
            move || gate.close()
        });
        while gate.enter().is_some() {
            thread::yield_now();
        }
        assert!(gate.is_busy() && !closing.is_finished());
        drop(inside);
        closing.join().unwrap();
        assert!(!gate.is_busy());
    }
}
