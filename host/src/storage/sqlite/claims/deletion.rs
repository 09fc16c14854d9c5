//! Deleting messages with an eye on who holds them.

use nuncio_core::{ClaimId, MessageId, QueueId};
use rusqlite::{OptionalExtension, params};

use super::live;
use crate::storage::{
    Deletion, StoreError,
    sqlite::{catalog::queues, commit::Commit, pull},
};

/// Removes a message for whoever may.
pub(super) fn one(
    commit: &mut Commit<'_>,
    project: &str,
    queue: &str,
    id: MessageId,
    claim: Option<ClaimId>,
) -> Result<Deletion, StoreError> {
    let Some(queue) = queues::find(commit.db, project, queue)? else { return Ok(Deletion::Done) };
    let Some(holder) = holder(commit, queue, id)? else { return Ok(Deletion::Done) };
    let refused = match (claim, holder) {
        (None, ClaimId::NONE) => None,
        (None, _) => Some(Deletion::NeedsClaim),
        (Some(_), ClaimId::NONE) => Some(Deletion::NotClaimed),
        (Some(claim), holder) if claim == holder => None,
        (Some(claim), _) if live::lives(commit.db, queue, claim, commit.now)? => Some(Deletion::OtherClaim),
        (Some(_), _) => Some(Deletion::UnknownClaim),
    };
    if let Some(refused) = refused {
        return Ok(refused);
    }
    pull::remove(commit, queue, [id].into_iter())?;
    Ok(Deletion::Done)
}

/// Removes messages that are held by one of `claims`; all that are there, or none.
pub(super) fn held(
    commit: &mut Commit<'_>,
    project: &str,
    queue: &str,
    ids: &[MessageId],
    claims: &[ClaimId],
) -> Result<Deletion, StoreError> {
    let Some(queue) = queues::find(commit.db, project, queue)? else { return Ok(Deletion::Done) };
    for id in ids {
        match holder(commit, queue, *id)? {
            Some(ClaimId::NONE) => return Ok(Deletion::NotClaimed),
            Some(holder) if !claims.contains(&holder) => return Ok(Deletion::OtherClaim),
            Some(_) | None => {}
        }
    }
    pull::remove(commit, queue, ids.iter().copied())?;
    Ok(Deletion::Done)
}

/// The claim that holds a message, `NONE` if it is free; nothing if it is not there.
fn holder(commit: &Commit<'_>, queue: QueueId, id: MessageId) -> Result<Option<ClaimId>, StoreError> {
    let holder = commit
        .db
        .prepare_cached(
            "SELECT iif(e.claim_until > ?3, e.claim, 0) FROM queued e JOIN queue q ON q.id = e.queue
             WHERE e.queue = ?1 AND e.message = ?2 AND e.expires > ?3 AND e.entered > q.floor",
        )?
        .query_row(params![queue.0, id.0, commit.now], |row| row.get(0).map(ClaimId))
        .optional()?;
    Ok(holder)
}

/// Ends a claim that holds nothing any more.
pub(in crate::storage::sqlite) fn abandon(commit: &Commit<'_>, claim: ClaimId) -> rusqlite::Result<()> {
    commit
        .db
        .prepare_cached(
            "DELETE FROM claim WHERE id = ?1 AND NOT EXISTS (SELECT 1 FROM queued WHERE claim = ?1 AND claim > 0)",
        )?
        .execute([claim.0])
        .map(drop)
}
