//! Deleting messages with all that stands of them.

use nuncio_core::{MessageId, packed};
use rusqlite::{Connection, OptionalExtension, params};

use super::{
    outcomes,
    search::{Candidate, candidate},
};
use crate::storage::{StoreError, sqlite::commit::Commit};

/// Rows of attempts, dead letters and targets that one commit deletes.
const ROWS: usize = 2000;

/// Deletes those of `ids` that nobody has asked for meanwhile; how many. `next` is where the search goes on.
pub(in crate::storage::sqlite) fn delete(
    commit: &mut Commit<'_>,
    ids: &[MessageId],
    next: Option<MessageId>,
) -> Result<u64, StoreError> {
    let age = i64::try_from(commit.limits.keep_dead_letters.as_millis()).unwrap_or(i64::MAX);
    let dead = commit.now.saturating_sub(age);
    let (mut deleted, mut room) = (0, ROWS);
    for id in ids {
        let Some(one) = candidate(commit.db, *id)? else { continue };
        if one.is_needed(commit.db, commit.now, dead)? {
            continue;
        }
        // What is left of a message that has more than fits goes with a later commit, and the message last of all.
        if !rows(commit.db, &one, &mut room)? {
            break;
        }
        deleted += 1;
    }
    let mut blocks: Vec<_> = ids.iter().map(|id| id.block()).collect();
    blocks.dedup();
    for block in blocks {
        let passed = next.is_none_or(|next| next.block() > block);
        outcomes::trim(commit.db, block, passed)?;
    }
    Ok(deleted)
}

/// Deletes a message and its rows; `false` when not all fit into `room`.
fn rows(db: &Connection, one: &Candidate, room: &mut usize) -> Result<bool, StoreError> {
    for sql in [
        "DELETE FROM attempt WHERE rowid IN (SELECT rowid FROM attempt WHERE message = ?1 LIMIT ?2)",
        "DELETE FROM dead WHERE message = ?1 AND idx IN (SELECT idx FROM dead WHERE message = ?1 LIMIT ?2)",
        "DELETE FROM receipt WHERE message = ?1 AND (idx, part) IN (SELECT idx, part FROM receipt WHERE message = ?1 LIMIT ?2)",
    ] {
        let gone = db.prepare_cached(sql)?.execute(params![one.id.0, *room as i64])?;
        *room -= gone.min(*room);
        if *room == 0 {
            return Ok(false);
        }
    }
    if one.queue == 0 {
        *room = room.saturating_sub(targets(db, one)?);
    }
    db.prepare_cached("DELETE FROM message WHERE id = ?1")?.execute([one.id.0])?;
    Ok(true)
}

/// Deletes the targets of a notification without a queue, with the last message of its POST.
fn targets(db: &Connection, one: &Candidate) -> Result<usize, StoreError> {
    if one.post != 0 && has_company(db, one)? {
        return Ok(0);
    }
    let packed: Vec<u8> = db
        .prepare_cached("SELECT matched FROM message WHERE id = ?1")?
        .query_row([one.id.0], |row| row.get(0))?;
    // Of what cannot be read the targets stay behind.
    let mut gone = 0;
    for matched in packed::read_matched(&packed).unwrap_or_default() {
        gone += db
            .prepare_cached("DELETE FROM target WHERE id = ?1 AND subscription = 0")?
            .execute([matched.target.0])?;
    }
    Ok(gone)
}

/// Whether another message of the same POST is there: their ids follow one another.
fn has_company(db: &Connection, one: &Candidate) -> rusqlite::Result<bool> {
    for sql in [
        "SELECT post FROM message WHERE id > ?1 ORDER BY id LIMIT 1",
        "SELECT post FROM message WHERE id < ?1 ORDER BY id DESC LIMIT 1",
    ] {
        let beside: Option<i64> =
            db.prepare_cached(sql)?.query_row([one.id.0], |row| row.get(0)).optional()?;
        if beside == Some(one.post) {
            return Ok(true);
        }
    }
    Ok(false)
}
