use std::{
    collections::HashMap,
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use serde_json::Value;

use crate::wire;

/// A request that arrived whole.
#[derive(Clone, Debug)]
pub struct Received {
    /// The path with its query.
    pub path: String,
    /// The header fields, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
    /// When its last byte was read.
    pub at: Instant,
    /// The status that it is answered with; `None` when not even the head of an answer comes whole.
    pub answered: Option<u16>,
}

impl Received {
    /// The value of the header field `name` (in lower case).
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        wire::field(&self.headers, name)
    }

    /// The id of the delivery, the same on every attempt.
    #[must_use]
    #[track_caller]
    pub fn webhook_id(&self) -> &str {
        self.header("webhook-id").expect("every webhook bears its delivery's id")
    }

    /// Whether it is answered with success.
    #[must_use]
    pub fn is_taken(&self) -> bool {
        self.answered.is_some_and(|status| (200..300).contains(&status))
    }

    /// The body as JSON.
    #[must_use]
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("a JSON body")
    }
}

/// All that arrived, in the order of arrival.
#[derive(Debug, Default)]
pub(crate) struct Journal {
    kept: Mutex<Kept>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Kept {
    all: Vec<Received>,
    taken: usize,
    by_path: HashMap<String, usize>,
}

impl Journal {
    pub(crate) fn record(&self, request: Received) {
        let mut kept = self.lock();
        *kept.by_path.entry(request.path.clone()).or_default() += 1;
        kept.taken += usize::from(request.is_taken());
        kept.all.push(request);
        self.changed.notify_all();
    }

    pub(crate) fn all(&self) -> Vec<Received> {
        self.lock().all.clone()
    }

    pub(crate) fn len(&self) -> usize {
        self.lock().all.len()
    }

    pub(crate) fn taken(&self) -> usize {
        self.lock().taken
    }

    pub(crate) fn of(&self, path: &str) -> Vec<Received> {
        self.lock().all.iter().filter(|one| one.path == path).cloned().collect()
    }

    pub(crate) fn look<T>(&self, at: impl FnOnce(&[Received]) -> T) -> T {
        at(&self.lock().all)
    }

    /// Waits for `n` requests to `path`; says how many there were when `limit` passed first.
    pub(crate) fn wait(&self, path: &str, n: usize, limit: Duration) -> Result<(), usize> {
        let count = |kept: &Kept| kept.by_path.get(path).copied().unwrap_or(0);
        let waited = self.changed.wait_timeout_while(self.lock(), limit, |kept| count(kept) < n);
        let (kept, _) = waited.unwrap_or_else(PoisonError::into_inner);
        if count(&kept) >= n { Ok(()) } else { Err(count(&kept)) }
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
