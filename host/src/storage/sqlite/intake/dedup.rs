//! Idempotency keys: the same POST twice is accepted once.

use std::sync::Arc;

use nuncio_core::{Matched, MessageId, ProjectId, QueueId, packed};
use rusqlite::{OptionalExtension, params};

use crate::storage::{Accepted, Dedup, StoreError, sqlite::commit::Commit};

/// What was accepted under `key` before, if it has not expired.
pub(super) fn earlier(
    commit: &Commit<'_>,
    (project, queue): (ProjectId, QueueId),
    key: &Dedup,
) -> Result<Option<Accepted>, StoreError> {
    let known = commit
        .db
        .prepare_cached(
            "SELECT first, count, fingerprint FROM dedup
             WHERE project = ?1 AND queue = ?2 AND key = ?3 AND expires > ?4",
        )?
        .query_row(params![project.0, queue.0, key.key, commit.now], |row| {
            Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?, row.get::<_, Vec<u8>>(2)?))
        })
        .optional()?;
    let Some((first, count, fingerprint)) = known else { return Ok(None) };
    if fingerprint != key.fingerprint {
        return Err(StoreError::KeyReused);
    }
    let accepted = commit
        .db
        .prepare_cached(
            "SELECT id, matched FROM message WHERE id = ?1 OR (id > ?1 AND post = ?1) ORDER BY id LIMIT ?2",
        )?
        .query_and_then([first, count], |row| {
            let id = MessageId(row.get(0)?);
            let matched = packed::read_matched(row.get_ref(1)?.as_blob().unwrap_or_default())
                .map_err(|error| StoreError::Corrupt(format!("targets of message {id}: {error}")))?;
            Ok((id, Arc::from(matched)))
        })?
        .collect::<Result<Vec<(_, Arc<[Matched]>)>, StoreError>>()?;
    let (ids, matched) = accepted.into_iter().unzip();
    Ok(Some(Accepted { ids, matched, duplicate: true }))
}

/// Remembers what was accepted under `key`.
pub(super) fn remember(
    commit: &Commit<'_>,
    (project, queue): (ProjectId, QueueId),
    key: &Dedup,
    ids: &[MessageId],
) -> Result<(), StoreError> {
    let first = ids.first().copied().unwrap_or_default();
    commit
        .db
        .prepare_cached(
            "INSERT OR REPLACE INTO dedup (project, queue, key, first, count, fingerprint, expires)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        )?
        .execute(params![
            project.0,
            queue.0,
            key.key,
            first.0,
            ids.len() as i64,
            key.fingerprint,
            key.expires
        ])?;
    Ok(())
}
