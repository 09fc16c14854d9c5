//! Reading the backlog: messages from a cursor on, without what is settled or stands in a row of its own.

use std::collections::HashMap;

use nuncio_core::{Cursor, DeliveryKey, Fresh, LaneId, Matched, MessageId, TargetId, numbered, packed};
use rusqlite::{Connection, OptionalExtension, Row};

use super::{block::Block, read};
use crate::storage::{Scanned, StoreError};

/// Messages that a page walks over at most, however little of them is open.
const MESSAGES: usize = 4096;

/// A message as the backlog needs it: no body.
struct Backlogged {
    id: MessageId,
    post: i64,
    created: i64,
    until: i64,
    bytes: u32,
    matched: Vec<Matched>,
}

/// Reads a page of at most `max` deliveries; a target is never split between two pages.
pub(in crate::storage::sqlite) fn scan(
    db: &Connection,
    cursor: Cursor,
    max: u32,
) -> Result<Scanned, StoreError> {
    let mut page = Page { db, fresh: Vec::new(), count: 0, max: max.max(1), lanes: HashMap::new() };
    let reached = read::head(db)?;
    let mut messages = db.prepare_cached(
        "SELECT id, post, created, deliver_until, length(body), matched FROM message WHERE id >= ?1 ORDER BY id",
    )?;
    let mut rows = messages.query([cursor.message.0])?;
    let mut block: Option<(i64, Block)> = None;
    let mut walked = 0;
    while let Some(row) = rows.next()? {
        let message = backlogged(row)?;
        if walked == MESSAGES {
            return Ok(page.cut(Cursor { message: message.id, idx: 0 }, reached));
        }
        walked += 1;
        let known = match block.take() {
            Some((number, known)) if number == message.id.block() => known,
            _ => Block::read_from(db, message.id)?,
        };
        let from = if message.id == cursor.message { cursor.idx } else { 0 };
        if let Some(idx) = page.add(&message, from, &known)? {
            return Ok(page.cut(Cursor { message: message.id, idx }, reached));
        }
        block = Some((message.id.block(), known));
    }
    let next = Cursor { message: MessageId(reached.0 + 1), idx: 0 }.max(cursor);
    Ok(Scanned { fresh: page.fresh, next, reached, end: true })
}

struct Page<'c> {
    db: &'c Connection,
    fresh: Vec<Fresh>,
    count: u32,
    max: u32,
    lanes: HashMap<TargetId, Option<LaneId>>,
}

impl Page<'_> {
    /// Adds what is open of a message from recipient `from` on; where to go on if the page is full before its end.
    fn add(&mut self, message: &Backlogged, from: u32, known: &Block) -> Result<Option<u32>, StoreError> {
        for (first, one) in numbered(&message.matched) {
            let end = first.saturating_add(one.addresses);
            if end <= from {
                continue;
            }
            if self.count >= self.max {
                return Ok(Some(first.max(from)));
            }
            let open: Vec<_> = (first.max(from)..end)
                .filter(|idx| !known.names(DeliveryKey::new(message.id, *idx)))
                .collect();
            if !open.is_empty() {
                self.open(message, one.target, first, open)?;
            }
        }
        Ok(None)
    }

    fn open(
        &mut self,
        message: &Backlogged,
        target: TargetId,
        first: u32,
        open: Vec<u32>,
    ) -> Result<(), StoreError> {
        let Some(lane) = self.lane(target)? else {
            tracing::error!(message = %message.id, %target, "a message names a target that is not there");
            return Ok(());
        };
        self.count = self.count.saturating_add(u32::try_from(open.len()).unwrap_or(u32::MAX));
        self.fresh.push(Fresh {
            message: message.id,
            post: message.post,
            target,
            lane,
            first,
            open,
            created: message.created,
            until: message.until,
            bytes: message.bytes,
        });
        Ok(())
    }

    fn lane(&mut self, target: TargetId) -> rusqlite::Result<Option<LaneId>> {
        if let Some(known) = self.lanes.get(&target) {
            return Ok(*known);
        }
        let lane = lane(self.db, target)?;
        self.lanes.insert(target, lane);
        Ok(lane)
    }

    fn cut(self, next: Cursor, reached: MessageId) -> Scanned {
        Scanned { fresh: self.fresh, next, reached, end: false }
    }
}

/// The lane of a target now: that of the newest revision where one address stands for one address.
pub(super) fn lane(db: &Connection, target: TargetId) -> rusqlite::Result<Option<LaneId>> {
    db.prepare_cached(
        "SELECT iif(t.frozen = 0 AND t.recipients = 1 AND newest.recipients = 1, newest.lane, t.lane) FROM target t
         LEFT JOIN subscription s ON s.id = t.subscription LEFT JOIN target newest ON newest.id = s.target
         WHERE t.id = ?1",
    )?
    .query_row([target.0], |row| row.get(0).map(LaneId))
    .optional()
}

fn backlogged(row: &Row<'_>) -> Result<Backlogged, StoreError> {
    let id = MessageId(row.get(0)?);
    let matched =
        packed::read_matched(row.get_ref(5)?.as_blob().unwrap_or_default()).unwrap_or_else(|error| {
            tracing::error!(message = %id, %error, "the targets of a message cannot be read: it is left out");
            Vec::new()
        });
    Ok(Backlogged {
        id,
        post: row.get(1)?,
        created: row.get(2)?,
        until: row.get(3)?,
        bytes: row.get(4)?,
        matched,
    })
}
