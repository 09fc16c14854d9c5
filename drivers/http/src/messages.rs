//! Bodies that are the same for all subscribers of a message, made once.
//!
//! Zaqar's notification depends on the message and its queue alone. The deliveries of one message come shortly after
//! one another, so a few places are enough.

use std::{
    hash::{BuildHasher, RandomState},
    sync::{Arc, Mutex, PoisonError},
};

use nuncio_plugin_sdk::{Meta, core::zaqar, http::Bytes};

/// How many bodies are kept, and the longest of them in bytes: 8 MiB in all, with what they were made from.
const PLACES: usize = 64;
const LONGEST: usize = 64 * 1024;

/// The last bodies, each at the place that its message's id names.
pub(crate) struct Messages {
    places: Mutex<Vec<Option<Arc<Made>>>>,
    hasher: RandomState,
}

/// A body, and all that it was made from: an id alone would be a promise of the host's that nothing here checks.
struct Made {
    queue: String,
    ttl: i64,
    delay: Option<i64>,
    posted: Box<[u8]>,
    body: Bytes,
}

impl Made {
    fn is_of(&self, meta: &Meta<'_>, posted: &[u8]) -> bool {
        (self.ttl, self.delay, &*self.queue) == (meta.ttl, meta.delay, meta.queue) && *self.posted == *posted
    }
}

impl Messages {
    pub(crate) fn new() -> Self {
        Self { places: Mutex::new(vec![None; PLACES]), hasher: RandomState::new() }
    }

    /// Zaqar's notification of what was `posted`.
    pub(crate) fn notification(&self, meta: &Meta<'_>, posted: &[u8]) -> Bytes {
        let place = self.hasher.hash_one(meta.message) as usize % PLACES;
        let known = self.lock().get(place).and_then(Clone::clone);
        if let Some(made) = known.filter(|made| made.is_of(meta, posted)) {
            return made.body.clone();
        }
        let body = Bytes::from(zaqar::notification(meta, posted));
        if body.len() <= LONGEST {
            let (queue, ttl, delay) = (meta.queue.to_owned(), meta.ttl, meta.delay);
            let made = Made { queue, ttl, delay, posted: posted.into(), body: body.clone() };
            if let Some(kept) = self.lock().get_mut(place) {
                *kept = Some(Arc::new(made));
            }
        }
        body
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Option<Arc<Made>>>> {
        self.places.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn subscribers_of_a_message_share_its_body() {
        let messages = Messages::new();
        let mut meta = Meta::EMPTY;
        (meta.queue, meta.message) = ("q", "m");
        let (one, two) = (messages.notification(&meta, b"1"), messages.notification(&meta, b"1"));
        assert_eq!(one.as_ptr(), two.as_ptr());
    }

    proptest! {
        #[test]
        fn what_is_kept_is_never_taken_for_another_message(
            all in proptest::collection::vec(("[a-b]", "[a-b]", 0i64..2, proptest::option::of(0i64..2), "[0-1]"), 1..40),
        ) {
            let messages = Messages::new();
            for (message, queue, ttl, delay, posted) in &all {
                let mut meta = Meta::EMPTY;
                (meta.queue, meta.message, meta.ttl, meta.delay) = (queue, message, *ttl, *delay);
                let body = messages.notification(&meta, posted.as_bytes());
                prop_assert_eq!(&body, &zaqar::notification(&meta, posted.as_bytes()));
            }
        }
    }
}
