//! Packed outcomes of messages that are gone.

use std::collections::{BTreeMap, HashSet};

use nuncio_core::{DeliveryKey, MessageId, packed};
use rusqlite::{Connection, params};

use crate::storage::StoreError;

/// Removes the outcomes of a block without messages. Of one that keeps some, once retention has `passed` it, the
/// outcomes of those become one row.
pub(super) fn trim(db: &Connection, block: i64, passed: bool) -> Result<(), StoreError> {
    let (from, to) = (block << 30, (block + 1) << 30);
    // A block may hold many thousands of messages, and many slices are of one block: it is read as a whole once.
    if !passed && is_inhabited(db, from, to)? {
        return Ok(());
    }
    let kept: HashSet<_> = db
        .prepare_cached("SELECT id FROM message WHERE id >= ?1 AND id < ?2")?
        .query_map(params![from, to], |row| row.get(0).map(MessageId))?
        .collect::<Result<_, _>>()?;
    if kept.is_empty() {
        db.prepare_cached("DELETE FROM outcome WHERE block = ?1")?.execute([block])?;
    } else {
        repack(db, block, &kept)?;
    }
    Ok(())
}

fn is_inhabited(db: &Connection, from: i64, to: i64) -> rusqlite::Result<bool> {
    db.prepare_cached("SELECT EXISTS (SELECT 1 FROM message WHERE id >= ?1 AND id < ?2)")?
        .query_row(params![from, to], |row| row.get(0))
}

/// Replaces the rows of a block by one with what is needed of them.
fn repack(db: &Connection, block: i64, kept: &HashSet<MessageId>) -> Result<(), StoreError> {
    let rows: Vec<Vec<u8>> = db
        .prepare_cached("SELECT packed FROM outcome WHERE block = ?1 ORDER BY seq")?
        .query_map([block], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    let (mut latest, mut all) = (BTreeMap::<DeliveryKey, _>::new(), 0);
    for row in &rows {
        // What cannot be read is left as it is, for whoever can.
        let Ok(entries) = packed::read_outcomes(row) else { return Ok(()) };
        all += entries.len();
        latest.extend(
            entries.into_iter().filter(|one| kept.contains(&one.key.message)).map(|one| (one.key, one)),
        );
    }
    if latest.len() == all {
        return Ok(());
    }
    db.prepare_cached("DELETE FROM outcome WHERE block = ?1")?.execute([block])?;
    if !latest.is_empty() {
        let entries: Vec<_> = latest.into_values().collect();
        db.prepare_cached("INSERT INTO outcome (block, packed) VALUES (?1, ?2)")?
            .execute(params![block, packed::outcomes(&entries)])?;
    }
    Ok(())
}
