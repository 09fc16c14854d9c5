//! Looking for messages that may go.

use std::{collections::HashMap, path::Path};

use nuncio_core::{Cursor, EPOCH_MS, MessageId};
use rusqlite::{Connection, Row, params};

use crate::storage::{
    StoreError,
    sqlite::{deliveries, limits::Limits, marks::Room},
};

/// Messages that one search looks at.
const WALK: usize = 4096;

/// Messages that one search finds, and one commit deletes.
const MOST: usize = 256;

/// Bytes of bodies of those.
const BYTES: i64 = 4 << 20;

/// Messages that may go.
#[derive(Debug, Default)]
pub(in crate::storage::sqlite) struct Found {
    /// In order of their ids.
    pub(in crate::storage::sqlite) ids: Vec<MessageId>,
    /// Where to go on; `None` at the end.
    pub(in crate::storage::sqlite) next: Option<MessageId>,
}

/// When something was settled long enough ago, Unix milliseconds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Since {
    pub(super) settled: i64,
    pub(super) dead: i64,
}

impl Since {
    /// At `now`. While the database is nearly as big as it may be, what is settled goes whatever its age; dead letters
    /// keep theirs, for they are what somebody still has to look at.
    fn at(now: i64, limits: &Limits, pressed: bool) -> Self {
        let before =
            |age: std::time::Duration| now.saturating_sub(i64::try_from(age.as_millis()).unwrap_or(i64::MAX));
        Self {
            settled: if pressed { now } else { before(limits.keep_settled) },
            dead: before(limits.keep_dead_letters),
        }
    }
}

/// Messages from `from` on that may go at `now`, oldest first.
pub(in crate::storage::sqlite) fn search(
    db: &Connection,
    database: &Path,
    log: u16,
    limits: &Limits,
    now: i64,
    from: MessageId,
) -> Result<Found, StoreError> {
    let since = Since::at(now, limits, Room::look(db, database)?.is_pressed(limits));
    let mut walk = Walk { db, low: deliveries::low(db, log)?, now, since, block: None };
    let end = MessageId((since.settled.saturating_sub(EPOCH_MS) + 1).clamp(0, i64::MAX >> 22) << 22);
    let mut messages = db.prepare_cached(
        "SELECT id, post, queue, max(created, deliver_at), octet_length(matched) > 1, octet_length(body)
         FROM message WHERE id >= ?1 AND id < ?2 ORDER BY id",
    )?;
    let mut rows = messages.query(params![from.0, end.0])?;
    let (mut found, mut walked, mut bytes) = (Found::default(), 0, 0);
    while let Some(row) = rows.next()? {
        let one = Candidate::read(row)?;
        if walked == WALK || found.ids.len() == MOST || bytes >= BYTES {
            found.next = Some(one.id);
            break;
        }
        walked += 1;
        if walk.may_go(&one)? {
            bytes += row.get::<_, i64>(5)?;
            found.ids.push(one.id);
        }
    }
    Ok(found)
}

/// A message as retention sees it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Candidate {
    pub(super) id: MessageId,
    pub(super) post: i64,
    pub(super) queue: i64,
    due: i64,
    has_deliveries: bool,
}

impl Candidate {
    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            id: MessageId(row.get(0)?),
            post: row.get(1)?,
            queue: row.get(2)?,
            due: row.get(3)?,
            has_deliveries: row.get(4)?,
        })
    }

    /// Whether somebody still needs it: a delivery that waits, a queue that holds it for pull, a key that answers with
    /// it, or a dead letter that is younger than `dead`.
    pub(super) fn is_needed(&self, db: &Connection, now: i64, dead: i64) -> rusqlite::Result<bool> {
        db.prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM deferred WHERE message = ?1)
                 OR EXISTS (SELECT 1 FROM queued WHERE queue = ?2 AND message = ?1)
                 OR EXISTS (SELECT 1 FROM queued WHERE message = ?1 AND origin > 0)
                 OR EXISTS (SELECT 1 FROM dead WHERE message = ?1 AND at > ?5)
                 OR EXISTS (SELECT 1 FROM dedup WHERE first IN (?1, ?3) AND first > 0 AND expires > ?4)",
        )?
        .query_row(params![self.id.0, self.queue, self.post, now, dead], |row| row.get(0))
    }
}

/// The message `id` as retention sees it.
pub(super) fn candidate(db: &Connection, id: MessageId) -> rusqlite::Result<Option<Candidate>> {
    use rusqlite::OptionalExtension as _;
    db.prepare_cached(
        "SELECT id, post, queue, max(created, deliver_at), octet_length(matched) > 1 FROM message WHERE id = ?1",
    )?
    .query_row([id.0], Candidate::read)
    .optional()
}

struct Walk<'c> {
    db: &'c Connection,
    low: Cursor,
    now: i64,
    since: Since,
    block: Option<(i64, HashMap<MessageId, i64>)>,
}

impl Walk<'_> {
    fn may_go(&mut self, one: &Candidate) -> Result<bool, StoreError> {
        // Above the watermark a delivery without any row is one that the engine still has.
        let open = one.has_deliveries && one.id >= self.low.message;
        if open || one.due > self.since.settled || one.is_needed(self.db, self.now, self.since.dead)? {
            return Ok(false);
        }
        Ok(!one.has_deliveries || self.settled_at(one.id)? <= self.since.settled)
    }

    /// When the last delivery of a message ended, as its packed entries say; 0 without any.
    fn settled_at(&mut self, id: MessageId) -> Result<i64, StoreError> {
        let known = match self.block.take() {
            Some((number, known)) if number == id.block() => known,
            _ => {
                let mut known = HashMap::new();
                for entry in deliveries::entries(self.db, id.block())? {
                    let at = known.entry(entry.key.message).or_insert(entry.at);
                    *at = entry.at.max(*at);
                }
                known
            }
        };
        let at = known.get(&id).copied().unwrap_or(0);
        self.block = Some((id.block(), known));
        Ok(at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn in_need_of_room_only_dead_letters_keep_their_age() {
        let limits = Limits {
            keep_settled: Duration::from_millis(10),
            keep_dead_letters: Duration::from_millis(20),
            ..Limits::default()
        };
        let at = |pressed| {
            let since = Since::at(100, &limits, pressed);
            (since.settled, since.dead)
        };
        assert_eq!((at(false), at(true)), ((90, 80), (100, 80)));
    }
}
