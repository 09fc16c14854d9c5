//! Deliveries that must wait, by lane and due time.

use nuncio_core::{Deferred, DeliveryKey, LaneId, MessageId, SubscriptionId, TargetId, Why};
use rusqlite::{Connection, Row, Rows, params};

use super::unreadable::Unreadable;
use crate::storage::{Loaded, StoreError, sqlite::commit::Commit};

/// Writes a row, in place of the one that was there.
pub(in crate::storage::sqlite) fn put(commit: &Commit<'_>, row: &Deferred) -> Result<(), StoreError> {
    commit
        .db
        .prepare_cached(
            "INSERT OR REPLACE INTO deferred (message, idx, first, target, log, lane, due, why, n, tries, since,
             bytes, post, until, not_before)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)",
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
            row.not_before,
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
    "SELECT message, idx, first, target, lane, due, why, n, tries, since, bytes, post, until,
    not_before FROM deferred";

/// Rows as they are: those that can be read, and the others.
#[derive(Default)]
pub(super) struct Page {
    pub(super) rows: Vec<Deferred>,
    pub(super) unreadable: Vec<Unreadable>,
}

impl Page {
    fn read(mut rows: Rows<'_>) -> Result<Self, StoreError> {
        let mut page = Self::default();
        while let Some(row) = rows.next()? {
            match deferred(row) {
                Ok(one) => page.rows.push(one),
                Err(StoreError::Corrupt(why)) => page.unreadable.push(Unreadable {
                    message: row.get(0)?,
                    idx: row.get(1)?,
                    lane: row.get(4)?,
                    due: row.get(5)?,
                    why,
                }),
                Err(error) => return Err(error),
            }
        }
        Ok(page)
    }

    /// Due time, message and recipient of the last row.
    fn last(&self) -> Option<(i64, i64, i64)> {
        let read = self.rows.last().map(|row| (row.due, row.key.message.0, i64::from(row.key.idx)));
        read.max(self.unreadable.last().map(|row| (row.due, row.message, row.idx)))
    }
}

/// Rows of messages from `from` up to and without `to`.
pub(super) fn between(db: &Connection, from: MessageId, to: MessageId) -> Result<Page, StoreError> {
    let mut rows = db.prepare_cached(&format!("{COLUMNS} WHERE message >= ?1 AND message < ?2"))?;
    Page::read(rows.query([from.0, to.0])?)
}

/// At most `most` rows after `after` of messages before `end`, ascending by delivery.
pub(super) fn after(
    db: &Connection,
    after: DeliveryKey,
    end: MessageId,
    most: usize,
) -> Result<Vec<Deferred>, StoreError> {
    db.prepare_cached(&format!(
        "{COLUMNS} WHERE (message, idx) > (?1, ?2) AND message < ?3 ORDER BY message, idx LIMIT ?4"
    ))?
    .query_and_then(params![after.message.0, after.idx, end.0, most as i64], deferred)?
    .collect()
}

/// At most `most` rows of a subscription that wait for somebody to agree.
pub(super) fn unconfirmed(
    db: &Connection,
    of: SubscriptionId,
    most: u32,
) -> Result<Vec<Deferred>, StoreError> {
    db.prepare_cached(&format!(
        "{COLUMNS} WHERE (message, idx) IN (
            SELECT d.message, d.idx FROM target t JOIN deferred d ON d.target = t.id
            WHERE t.subscription = ?1 AND d.why = ?2 LIMIT ?3)"
    ))?
    .query_and_then(params![of.0, Why::Unconfirmed as u8, most], deferred)?
    .collect()
}

/// Removes a row, if there is one; the attempts that it counts.
pub(super) fn take(db: &Connection, key: DeliveryKey) -> rusqlite::Result<Option<u32>> {
    db.prepare_cached("DELETE FROM deferred WHERE message = ?1 AND idx = ?2 RETURNING n")?
        .query_map(params![key.message.0, key.idx], |row| row.get(0))?
        .next()
        .transpose()
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
        not_before: row.get(13)?,
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
) -> Result<(Loaded, Vec<Unreadable>), StoreError> {
    let (due, key) = from;
    let mut rows = db.prepare_cached(&format!(
        "{COLUMNS} WHERE log = ?1 AND lane = ?2 AND (due, message, idx) > (?3, ?4, ?5) AND due <= ?6
         ORDER BY due, message, idx LIMIT ?7"
    ))?;
    let page = Page::read(rows.query(params![log, lane.0, due, key.message.0, key.idx, until, max])?)?;
    let last = page.last().unwrap_or((due, key.message.0, key.idx.into()));
    let next_due = db
        .prepare_cached(
            "SELECT due FROM deferred WHERE log = ?1 AND lane = ?2 AND (due, message, idx) > (?3, ?4, ?5)
             ORDER BY due, message, idx LIMIT 1",
        )?
        .query_map(params![log, lane.0, last.0, last.1, last.2], |row| row.get(0))?
        .next()
        .transpose()?;
    Ok((Loaded { rows: page.rows, next_due }, page.unreadable))
}
