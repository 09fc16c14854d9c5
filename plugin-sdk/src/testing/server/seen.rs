//! What a server saw.

use std::sync::{
    Mutex, MutexGuard, PoisonError,
    atomic::{AtomicUsize, Ordering},
};

use tokio::sync::watch;

use super::case::Does;

/// The most bytes that are kept of what was received.
const MOST_BYTES: usize = 4 << 20;

/// What a server saw, and what it is to do.
#[derive(Debug)]
pub(super) struct Seen {
    bytes: Mutex<Vec<u8>>,
    requests: AtomicUsize,
    connections: watch::Sender<usize>,
    does: Mutex<Does>,
}

impl Seen {
    pub(super) fn new(does: Does) -> Self {
        Self {
            bytes: Mutex::default(),
            requests: AtomicUsize::new(0),
            connections: watch::Sender::new(0),
            does: Mutex::new(does),
        }
    }

    pub(super) fn does(&self) -> Does {
        *locked(&self.does)
    }

    pub(super) fn does_now(&self, does: Does) {
        *locked(&self.does) = does;
    }

    pub(super) fn received(&self, part: &[u8]) {
        let mut bytes = locked(&self.bytes);
        let room = MOST_BYTES.saturating_sub(bytes.len());
        bytes.extend(part.iter().take(room));
    }

    pub(super) fn bytes(&self) -> Vec<u8> {
        locked(&self.bytes).clone()
    }

    pub(super) fn request(&self) {
        self.requests.fetch_add(1, Ordering::AcqRel);
    }

    pub(super) fn requests(&self) -> usize {
        self.requests.load(Ordering::Acquire)
    }

    pub(super) fn connected(&self) {
        self.connections.send_modify(|count| *count += 1);
    }

    pub(super) fn connections(&self) -> watch::Receiver<usize> {
        self.connections.subscribe()
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
