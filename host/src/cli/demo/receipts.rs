//! What a receiver has got, by the ids that deliveries bear.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

/// How many ids a receiver remembers: a demonstration that is left running must not grow.
const REMEMBERED: usize = 10_000;

/// How often each delivery was received; shared by a receiver and whoever asks it.
#[derive(Clone, Debug, Default)]
pub(super) struct Receipts(Arc<Mutex<BTreeMap<String, u32>>>);

impl Receipts {
    /// Notes that the delivery `id` was received.
    pub(super) fn note(&self, id: &str) {
        let mut ids = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if ids.len() < REMEMBERED || ids.contains_key(id) {
            *ids.entry(id.to_owned()).or_default() += 1;
        }
    }

    /// How often the delivery `id` was received.
    pub(super) fn times(&self, id: &str) -> u32 {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(id).copied().unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_received_twice_is_counted_twice_and_memory_is_bounded() {
        let receipts = Receipts::default();
        for id in ["a", "a", "b"] {
            receipts.note(id);
        }
        assert_eq!([receipts.times("a"), receipts.times("b"), receipts.times("c")], [2, 1, 0]);
        (0..REMEMBERED).for_each(|n| receipts.note(&n.to_string()));
        receipts.note("one too many");
        assert_eq!(receipts.times("one too many"), 0);
    }
}
