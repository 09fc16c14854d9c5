//! The accounts of deliveries, kept in the row of the log.

use nuncio_core::{DeliveryKey, MessageId, State, packed};
use rusqlite::{Connection, params};

use super::deliveries::Block;
use crate::storage::{StoreError, Tally};

/// The accounts of a log.
pub(super) fn read(db: &Connection, log: u16) -> rusqlite::Result<Tally> {
    db.prepare_cached(
        "SELECT accepted, delivered, dead, cancelled, expired, suppressed FROM log WHERE id = ?1",
    )?
    .query_row([log], |row| {
        Ok(Tally {
            accepted: row.get(0)?,
            delivered: row.get(1)?,
            dead: row.get(2)?,
            cancelled: row.get(3)?,
            expired: row.get(4)?,
            suppressed: row.get(5)?,
        })
    })
}

/// Adds `more` to the accounts of a log, and keeps the last id that it issued and what the clock says.
pub(super) fn add(db: &Connection, log: u16, more: Tally, last: MessageId, now: i64) -> rusqlite::Result<()> {
    db.prepare_cached(
        "UPDATE log SET last_id = ?2, accepted = accepted + ?3, delivered = delivered + ?4, dead = dead + ?5,
         cancelled = cancelled + ?6, expired = expired + ?7, suppressed = suppressed + ?8, clock = ?9 WHERE id = ?1",
    )?
    .execute(params![
        log,
        last.0,
        more.accepted,
        more.delivered,
        more.dead,
        more.cancelled,
        more.expired,
        more.suppressed,
        now
    ])
    .map(drop)
}

/// Counts what is stored: the accounts of a database that kept none, and what a check compares with.
pub(super) fn count(db: &Connection) -> Result<Tally, StoreError> {
    let mut tally = Tally::default();
    let mut messages = db.prepare("SELECT id, matched FROM message ORDER BY id")?;
    let mut rows = messages.query([])?;
    let mut block: Option<(i64, Block)> = None;
    while let Some(row) = rows.next()? {
        let id = MessageId(row.get(0)?);
        let known = match block.take() {
            Some((number, known)) if number == id.block() => known,
            _ => Block::read_from(db, id)?,
        };
        // What cannot be read is said where it is delivered.
        let matched = packed::read_matched(row.get_ref(1)?.as_blob().unwrap_or_default()).unwrap_or_default();
        let recipients: u32 = matched.iter().map(|one| one.addresses).sum();
        tally.accepted += i64::from(recipients);
        for idx in 0..recipients {
            tally.count(known.settled(DeliveryKey::new(id, idx)).unwrap_or(State::Waiting), 1);
        }
        block = Some((id.block(), known));
    }
    Ok(tally)
}
