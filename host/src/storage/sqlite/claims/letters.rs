//! Messages that were claimed too often: they go to another queue.

use nuncio_core::QueueId;
use rusqlite::params;

use super::{
    free::Free,
    make::{after, prolong},
};
use crate::storage::{
    DeadLetters, NewClaim, StoreError,
    sqlite::{catalog::queues, commit::Commit},
};

/// The queue to which messages of a claim go that were claimed too often.
pub(super) struct Letters<'n> {
    project: &'n str,
    from: QueueId,
    to: &'n DeadLetters,
    /// When the claim ends.
    until: i64,
    /// What the claim asks for: seconds that it lives, and that messages live longer.
    life: (i64, i64),
}

impl<'n> Letters<'n> {
    /// Where messages of the queue `from` go. One that is its own dead-letter queue has none.
    pub(super) fn of(
        project: &'n str,
        (name, from): (&str, QueueId),
        new: &'n NewClaim,
        until: i64,
    ) -> Option<Self> {
        let to = new.dead_letters.as_ref().filter(|to| to.queue != name)?;
        Some(Self { project, from, to, until, life: (new.ttl, new.grace) })
    }

    /// Whether a message was claimed too often.
    pub(super) const fn is_for(&self, free: &Free) -> bool {
        free.claims >= self.to.max_claims
    }

    /// Moves a message, hidden until the claim would end. Where there is no room for it, it stays where it is, hidden as
    /// long: it is neither lost, nor does it stand in the way of those behind it.
    pub(super) fn take(&self, commit: &mut Commit<'_>, free: &Free) -> Result<(), StoreError> {
        let to = match queues::ensure(commit, self.project, &self.to.queue) {
            Ok(place) => Some(place.queue),
            // A project that may have no more queues still claims.
            Err(StoreError::TooMany { .. } | StoreError::Full { .. }) => None,
            Err(error) => return Err(error),
        };
        if free.expires < self.until {
            prolong(commit, self.from, free.id, self.until, self.life)?;
        }
        match to {
            Some(to) if commit.memory.depth(commit.db, to)? < commit.limits.max_messages => {
                self.carry(commit, free, to)
            }
            Some(_) | None => self.hide(commit, free),
        }
    }

    fn carry(&self, commit: &mut Commit<'_>, free: &Free, to: QueueId) -> Result<(), StoreError> {
        // An id of its own, so that it is later than any purge of its new queue.
        let entered = commit.issue();
        // Its life there is no shorter than its hiding, or nobody would ever see it.
        let expires = self.to.ttl.map(|ttl| after(commit.now, ttl).max(after(self.until, self.life.1)));
        commit
            .db
            .prepare_cached(
                "INSERT INTO queued (queue, message, entered, ttl, expires, visible_at, claim, claim_until, claims,
                 origin)
                 SELECT ?3, message, ?4, coalesce(?5, ttl), coalesce(?6, expires), 0, 0, ?7, claims, queue
                 FROM queued WHERE queue = ?1 AND message = ?2",
            )?
            .execute(params![
                self.from.0,
                free.id.0,
                to.0,
                entered.0,
                self.to.ttl,
                expires,
                self.until
            ])?;
        commit
            .db
            .prepare_cached("DELETE FROM queued WHERE queue = ?1 AND message = ?2")?
            .execute(params![self.from.0, free.id.0])?;
        commit.memory.moved(self.from, 0, 1);
        commit.memory.moved(to, 1, 0);
        commit.memory.freed(to, free.id, self.until);
        Ok(())
    }

    fn hide(&self, commit: &Commit<'_>, free: &Free) -> Result<(), StoreError> {
        commit
            .db
            .prepare_cached(
                "UPDATE queued SET claim = 0, claim_until = ?3 WHERE queue = ?1 AND message = ?2",
            )?
            .execute(params![self.from.0, free.id.0, self.until])?;
        Ok(())
    }
}
