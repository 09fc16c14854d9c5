//! What was ended by hand while the engine had it in memory: the engine's word comes second.

use std::collections::HashMap;

use nuncio_core::{DeliveryKey, State};
use rusqlite::params;

use super::block;
use crate::storage::{StoreError, sqlite::commit::Commit};

/// How deliveries ended in the blocks in which some were ended by hand since the start, read once a batch. A restart
/// has the engine read what is stored: then nothing is left to be compared.
#[derive(Default)]
pub(super) struct Earlier(HashMap<i64, HashMap<DeliveryKey, State>>);

impl Earlier {
    /// How a delivery was ended before the engine says how it ended; nearly always it was not.
    pub(super) fn of(&mut self, commit: &Commit<'_>, key: DeliveryKey) -> Result<Option<State>, StoreError> {
        match self.before(commit, key)? {
            Some(_) if Self::lives_again(commit, key)? => Ok(None),
            before => Ok(before),
        }
    }

    fn before(&mut self, commit: &Commit<'_>, key: DeliveryKey) -> Result<Option<State>, StoreError> {
        let number = key.message.block();
        if !commit.memory.was_ended_by_hand(number) {
            return Ok(None);
        }
        if let Some(known) = self.0.get(&number) {
            return Ok(known.get(&key).copied());
        }
        let known: HashMap<_, _> =
            block::entries(commit.db, number)?.into_iter().map(|one| (one.key, one.state)).collect();
        let state = known.get(&key).copied();
        self.0.insert(number, known);
        Ok(state)
    }

    /// Whether a delivery was taken back from the dead since it ended: then its end was that of an earlier life. It has a
    /// row until it ends again.
    fn lives_again(commit: &Commit<'_>, key: DeliveryKey) -> Result<bool, StoreError> {
        let mut row = commit.db.prepare_cached("SELECT 1 FROM deferred WHERE message = ?1 AND idx = ?2")?;
        Ok(row.exists(params![key.message.0, key.idx])?)
    }
}
