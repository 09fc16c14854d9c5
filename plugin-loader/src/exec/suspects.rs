//! Which deliveries a process held when it died, again and again.
//!
//! A death is nobody's fault at first: it burns no try. But a message that kills its driver would kill it for ever.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

/// Deaths with one and the same delivery in hand from which on it is blamed for them.
const BLAMED: u32 = 3;
/// Deliveries that are remembered.
const REMEMBERED: usize = 4_096;

/// Counts deaths by delivery id.
#[derive(Debug, Default)]
pub(super) struct Suspects(Mutex<HashMap<String, u32>>);

impl Suspects {
    /// A process died with the delivery `id` in hand. Says whether that delivery is to be blamed.
    pub(super) fn died_with(&self, id: &str) -> bool {
        let mut deaths = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if deaths.len() >= REMEMBERED && !deaths.contains_key(id) {
            deaths.retain(|_, deaths| *deaths > 1);
        }
        if deaths.len() >= REMEMBERED && !deaths.contains_key(id) {
            return false;
        }
        let count = deaths.entry(id.to_owned()).or_insert(0);
        *count = count.saturating_add(1);
        *count >= BLAMED
    }

    /// The delivery `id` was completed.
    pub(super) fn cleared(&self, id: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_third_death_blames_a_delivery_and_a_completion_clears_it() {
        let suspects = Suspects::default();
        assert_eq!([(); 4].map(|()| suspects.died_with("a")), [false, false, true, true]);
        suspects.cleared("a");
        assert!(!suspects.died_with("a"));
    }

    #[test]
    fn those_seen_once_make_room() {
        let suspects = Suspects::default();
        suspects.died_with("a");
        suspects.died_with("a");
        for n in 0..=REMEMBERED {
            suspects.died_with(&n.to_string());
        }
        assert!(suspects.died_with("a"), "it was seen twice before");
        assert!(suspects.0.lock().unwrap().len() <= REMEMBERED);
    }
}
