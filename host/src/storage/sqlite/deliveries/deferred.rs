//! Deliveries that must wait, by lane and due time.

use nuncio_core::{Deferred, DeliveryKey, LaneId, MessageId, TargetId, Why};
use rusqlite::{Connection, Row, params};

use crate::storage::{Loaded, StoreError, sqlite::commit::Commit};

/// Writes a row, in place of the one that was there.
pub(in crate::storage::sqlite) fn put(commit: &Commit<'_>, row: &Deferred) -> Result<(), StoreError> {
    commit
        .db
        .prepare_cached(
            "INSERT OR REPLACE INTO deferred (message, idx, first, target, log, lane, due, why, n, tries, since,
             bytes, post, until) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)",
        )?
        .execute(params![
            row.key.message.0,
            row.key.idx,
            row.first,
            row.target.0,
            commit.log,
            row.lane.0,
            row.due,
            row.why as u8,
            row.n,
            row.tries,
            row.since,
            row.bytes,
            row.post,
            row.until,
        ])?;
    Ok(())
}

/// Removes a row.
pub(super) fn remove(db: &Connection, key: DeliveryKey) -> rusqlite::Result<()> {
    db.prepare_cached("DELETE FROM deferred WHERE message = ?1 AND idx = ?2")?
        .execute(params![key.message.0, key.idx])
        .map(drop)
}

const COLUMNS: &str =
    "SELECT message, idx, first, target, lane, due, why, n, tries, since, bytes, post, until FROM deferred";

/// Rows of messages from `from` up to and without `to`.
pub(super) fn between(db: &Connection, from: MessageId, to: MessageId) -> Result<Vec<Deferred>, StoreError> {
    db.prepare_cached(&format!("{COLUMNS} WHERE message >= ?1 AND message < ?2"))?
        .query_and_then([from.0, to.0], deferred)?
        .collect()
}

fn deferred(row: &Row<'_>) -> Result<Deferred, StoreError> {
    let why: i64 = row.get(6)?;
    Ok(Deferred {
        key: DeliveryKey::new(MessageId(row.get(0)?), row.get(1)?),
        first: row.get(2)?,
        target: TargetId(row.get(3)?),
        lane: LaneId(row.get(4)?),
        due: row.get(5)?,
        why: Why::from_code(why).ok_or_else(|| StoreError::Corrupt(format!("deferred.why is {why}")))?,
        n: row.get(7)?,
        tries: row.get(8)?,
        since: row.get(9)?,
        bytes: row.get(10)?,
        post: row.get(11)?,
        until: row.get(12)?,
    })
}

/// Rows of a lane after `from`, due up to `until`, and when the next is due.
pub(in crate::storage::sqlite) fn load(
    db: &Connection,
    log: u16,
    lane: LaneId,
    from: (i64, DeliveryKey),
    until: i64,
    max: u32,
) -> Result<Loaded, StoreError> {
    let (due, key) = from;
    let rows: Vec<_> = db
        .prepare_cached(&format!(
            "{COLUMNS} WHERE log = ?1 AND lane = ?2 AND (due, message, idx) > (?3, ?4, ?5) AND due <= ?6
             ORDER BY due, message, idx LIMIT ?7"
        ))?
        .query_and_then(params![log, lane.0, due, key.message.0, key.idx, until, max], deferred)?
        .collect::<Result<_, _>>()?;
    let last = rows.last().map_or(from, |row| (row.due, row.key));
    let next_due = db
        .prepare_cached(
            "SELECT due FROM deferred WHERE log = ?1 AND lane = ?2 AND (due, message, idx) > (?3, ?4, ?5)
             ORDER BY due, message, idx LIMIT 1",
        )?
        .query_map(params![log, lane.0, last.0, last.1.message.0, last.1.idx], |row| row.get(0))?
        .next()
        .transpose()?;
    Ok(Loaded { rows, next_due })
}
