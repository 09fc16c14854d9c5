//! Claims that live: shown, renewed, released.

use nuncio_core::{ClaimId, MessageId, QueueId};
use rusqlite::{Connection, OptionalExtension, params};

use super::make::{after, prolong};
use crate::storage::{
    Claimed, StoreError,
    sqlite::{catalog::queues, commit::Commit, pull},
};

/// A claim of a queue that lives at `now`, with what it holds.
pub(super) fn read(
    db: &Connection,
    queue: QueueId,
    id: ClaimId,
    now: i64,
) -> Result<Option<Claimed>, StoreError> {
    let known: Option<(i64, i64)> = db
        .prepare_cached("SELECT ttl, since FROM claim WHERE id = ?1 AND queue = ?2 AND until > ?3")?
        .query_row(params![id.0, queue.0, now], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let Some((ttl, since)) = known else { return Ok(None) };
    let messages = pull::held(db, queue, id, now)?;
    Ok((!messages.is_empty()).then_some(Claimed { id, ttl, since, messages }))
}

/// As [`read`], of a queue by its name.
pub(super) fn show(
    db: &Connection,
    project: &str,
    queue: &str,
    id: ClaimId,
    now: i64,
) -> Result<Option<Claimed>, StoreError> {
    match queues::find(db, project, queue)? {
        Some(queue) => read(db, queue, id, now),
        None => Ok(None),
    }
}

/// Whether a claim of a queue lives.
pub(super) fn lives(db: &Connection, queue: QueueId, id: ClaimId, now: i64) -> rusqlite::Result<bool> {
    db.prepare_cached("SELECT 1 FROM claim WHERE id = ?1 AND queue = ?2 AND until > ?3")?
        .exists(params![id.0, queue.0, now])
}

/// Lets a claim live anew, from now.
pub(super) fn renew(
    commit: &mut Commit<'_>,
    project: &str,
    queue: &str,
    id: ClaimId,
    (ttl, grace): (i64, i64),
) -> Result<bool, StoreError> {
    let Some(queue) = queues::find(commit.db, project, queue)? else { return Ok(false) };
    if read(commit.db, queue, id, commit.now)?.is_none() {
        return Ok(false);
    }
    let until = after(commit.now, ttl);
    commit
        .db
        .prepare_cached("UPDATE claim SET ttl = ?2, since = ?3, until = ?4 WHERE id = ?1")?
        .execute(params![id.0, ttl, commit.now, until])?;
    let held: Vec<(MessageId, i64)> = commit
        .db
        .prepare_cached(
            "UPDATE queued SET claim_until = ?2 WHERE claim = ?1 AND claim > 0 RETURNING message, expires",
        )?
        .query_map(params![id.0, until], |row| Ok((MessageId(row.get(0)?), row.get(1)?)))?
        .collect::<Result<_, _>>()?;
    for (message, expires) in held {
        commit.memory.freed(queue, message, until);
        if expires < until {
            prolong(commit, queue, message, until, (ttl, grace))?;
        }
    }
    Ok(true)
}

/// Ends a claim, there or not.
pub(super) fn release(
    commit: &mut Commit<'_>,
    project: &str,
    queue: &str,
    id: ClaimId,
) -> Result<(), StoreError> {
    let Some(queue) = queues::find(commit.db, project, queue)? else { return Ok(()) };
    let gone = commit
        .db
        .prepare_cached("DELETE FROM claim WHERE id = ?1 AND queue = ?2")?
        .execute(params![id.0, queue.0])?;
    if gone > 0 {
        for message in let_go(commit, id)? {
            commit.memory.freed(queue, message, commit.now);
        }
    }
    Ok(())
}

/// Messages that a claim held are free.
pub(super) fn let_go(commit: &Commit<'_>, id: ClaimId) -> Result<Vec<MessageId>, StoreError> {
    let freed = commit
        .db
        .prepare_cached(
            "UPDATE queued SET claim = 0, claim_until = 0 WHERE claim = ?1 AND claim > 0 RETURNING message",
        )?
        .query_map([id.0], |row| row.get(0).map(MessageId))?
        .collect::<Result<_, _>>()?;
    Ok(freed)
}
