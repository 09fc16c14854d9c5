//! What the connections of a load share.

use std::cell::{Cell, RefCell};

use nuncio_benches::{Journal, Samples, machine::now_ns};

/// The count of what was done, by one thread.
#[derive(Debug)]
pub(super) struct Floor {
    begin: u64,
    end: Cell<u64>,
    given: Cell<u64>,
    done: Cell<u64>,
    times: RefCell<Samples>,
    /// Messages that were seen: taken away, or found in the end.
    pub(super) journal: RefCell<Journal>,
}

impl Floor {
    /// Nothing yet; times are measured from `begin`, and work ends at `end`.
    pub(super) fn new(begin: u64, end: u64) -> Self {
        Self {
            begin,
            end: Cell::new(end),
            given: Cell::default(),
            done: Cell::default(),
            times: RefCell::default(),
            journal: RefCell::default(),
        }
    }

    /// Whether there is more to do.
    pub(super) fn open(&self) -> bool {
        now_ns() < self.end.get()
    }

    /// When measuring begins.
    pub(super) const fn begin(&self) -> u64 {
        self.begin
    }

    /// There is nothing more to do.
    pub(super) fn close(&self) {
        self.end.set(self.end.get().min(now_ns()));
    }

    /// The number of the next message.
    pub(super) fn number(&self) -> u64 {
        self.given.replace(self.given.get() + 1)
    }

    /// Work that began at `stamp` is done.
    pub(super) fn finish(&self, stamp: u64) {
        self.done.set(self.done.get() + 1);
        if stamp >= self.begin {
            self.times.borrow_mut().add(now_ns() - stamp);
        }
    }

    /// How much is done.
    pub(super) fn done(&self) -> u64 {
        self.done.get()
    }

    /// How long it took.
    pub(super) fn times(&self) -> nuncio_benches::Percentiles {
        self.times.borrow_mut().percentiles()
    }
}
