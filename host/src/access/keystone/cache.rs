//! What Keystone said of tokens, for a while. Tokens are held as their SHA-256.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use crate::access::identity::Identity;

/// A token, by its SHA-256.
pub(super) type Digest = [u8; 32];

/// What Keystone said of a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Word {
    /// It is somebody's.
    Known(Arc<Identity>),
    /// It is of no project.
    Unscoped,
    /// It is nobody's, has expired, or was revoked.
    Refused,
}

/// What Keystone said, and how long that holds.
///
/// What was refused is held apart: whoever sends rubbish must not push out those who are known.
pub(super) struct Cache {
    /// How long what is known holds, milliseconds: so long a revocation may go unnoticed.
    known_ms: i64,
    /// How long what was refused holds, milliseconds.
    refused_ms: i64,
    /// The most entries of each kind.
    most: usize,
    kept: Mutex<[HashMap<Digest, Kept>; 2]>,
}

struct Kept {
    word: Word,
    from: i64,
    until: i64,
}

impl Cache {
    pub(super) fn new(known_ms: i64, refused_ms: i64, most: usize) -> Self {
        Self { known_ms, refused_ms, most, kept: Mutex::default() }
    }

    /// What was said of a token and holds at `now`. A clock that was set back makes nothing hold longer.
    pub(super) fn get(&self, token: &Digest, now: i64) -> Option<Word> {
        let kept = self.lock();
        let found = kept.iter().find_map(|kind| kind.get(token))?;
        (found.from..found.until).contains(&now).then(|| found.word.clone())
    }

    /// Keeps what was said at `now`.
    pub(super) fn keep(&self, token: Digest, word: Word, now: i64) {
        let (kind, until) = match &word {
            Word::Known(identity) => {
                let end = identity.expires.unwrap_or(i64::MAX);
                (0, now.saturating_add(self.known_ms).min(end))
            }
            Word::Unscoped | Word::Refused => (1, now.saturating_add(self.refused_ms)),
        };
        let mut all = self.lock();
        all.iter_mut().for_each(|kind| drop(kind.remove(&token)));
        let Some(kept) = all.get_mut(kind) else { return };
        if kept.len() >= self.most {
            kept.retain(|_, one| (one.from..one.until).contains(&now));
        }
        // All hold still: they are asked for again as they come.
        if kept.len() >= self.most {
            kept.clear();
        }
        kept.insert(token, Kept { word, from: now, until });
    }

    fn lock(&self) -> MutexGuard<'_, [HashMap<Digest, Kept>; 2]> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::{Grants, Proof};

    fn known(expires: i64) -> Word {
        let (user, grants, proof) = (None, Grants::MEMBER, Proof::Keystone);
        Word::Known(Arc::new(Identity { project: "p".into(), user, grants, expires: Some(expires), proof }))
    }

    #[test]
    fn a_word_holds_for_its_time_and_no_longer_than_the_token() {
        let cache = Cache::new(100, 10, 9);
        cache.keep([1; 32], known(1_000), 0);
        cache.keep([2; 32], known(50), 0);
        cache.keep([3; 32], Word::Refused, 0);
        assert!(cache.get(&[1; 32], 99).is_some() && cache.get(&[1; 32], 100).is_none());
        assert!(cache.get(&[2; 32], 49).is_some() && cache.get(&[2; 32], 50).is_none());
        assert!(cache.get(&[3; 32], 9).is_some() && cache.get(&[3; 32], 10).is_none());
        assert!(cache.get(&[1; 32], -1).is_none());
        assert!(cache.get(&[4; 32], 1).is_none());
    }

    #[test]
    fn rubbish_does_not_push_out_who_is_known() {
        let cache = Cache::new(100, 100, 2);
        cache.keep([0; 32], known(1_000), 0);
        for n in 1..9 {
            cache.keep([n; 32], Word::Refused, 0);
        }
        assert!(cache.get(&[0; 32], 1).is_some());
        assert!(cache.lock()[1].len() <= 2);
        cache.keep([8; 32], known(1_000), 1);
        assert!(matches!(cache.get(&[8; 32], 1), Some(Word::Known(_))));
    }
}
