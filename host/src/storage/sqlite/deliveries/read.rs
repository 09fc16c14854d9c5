//! Where the store stands, and messages.

use std::sync::Arc;

use bytes::Bytes;
use nuncio_core::{Cursor, Kind, LaneId, Matched, Message, MessageId, ProjectId, QueueId, packed};
use rusqlite::{Connection, Row, params};

use crate::storage::{
    LaneRow, Standing, StoreError,
    sqlite::{json, targets},
};

/// The highest message.
pub(super) fn head(db: &Connection) -> rusqlite::Result<MessageId> {
    db.prepare_cached("SELECT coalesce(max(id), 0) FROM message")?
        .query_row([], |row| row.get(0).map(MessageId))
}

/// The low watermark of a log.
pub(in crate::storage::sqlite) fn low(db: &Connection, log: u16) -> rusqlite::Result<Cursor> {
    db.prepare_cached("SELECT low_message, low_idx FROM log WHERE id = ?1")?
        .query_row([log], |row| Ok(Cursor { message: MessageId(row.get(0)?), idx: row.get(1)? }))
}

/// Where the store stands.
pub(in crate::storage::sqlite) fn standing(db: &Connection, log: u16) -> Result<Standing, StoreError> {
    let lanes = db
        .prepare_cached("SELECT id, project, driver, destination, rules FROM lane ORDER BY id")?
        .query_and_then([], |row| {
            Ok::<_, StoreError>(LaneRow {
                id: LaneId(row.get(0)?),
                project: ProjectId(row.get(1)?),
                driver: row.get(2)?,
                destination: row.get(3)?,
                rules: targets::rules(&row.get::<_, String>(4)?)?,
            })
        })?
        .collect::<Result<_, _>>()?;
    Ok(Standing { low: low(db, log)?, head: head(db)?, lanes, waiting: waiting(db, log)? })
}

/// When each lane that has rows is due. One look-up a lane, however many rows it has.
pub(in crate::storage::sqlite) fn waiting(db: &Connection, log: u16) -> rusqlite::Result<Vec<(LaneId, i64)>> {
    let mut next = db.prepare_cached(
        "SELECT lane, due FROM deferred WHERE log = ?1 AND lane > ?2 ORDER BY lane, due LIMIT 1",
    )?;
    let (mut waiting, mut after) = (Vec::new(), i64::MIN);
    while let Some((lane, due)) = next
        .query_map(params![log, after], |row| Ok((row.get::<_, i64>(0)?, row.get(1)?)))?
        .next()
        .transpose()?
    {
        waiting.push((LaneId(lane), due));
        after = lane;
    }
    Ok(waiting)
}

/// A message.
pub(in crate::storage::sqlite) fn message(
    db: &Connection,
    id: MessageId,
) -> Result<Option<Arc<Message>>, StoreError> {
    db.prepare_cached(
        "SELECT id, post, kind, project, queue, created, deliver_at, deliver_until, ttl, delay, client,
         content_type, headers, iif(sealed, unsealed(body, id), body), matched,
         iif(sealed, unsealed(attributes, id), attributes) FROM message WHERE id = ?1",
    )?
    .query_and_then([id.0], whole)?
    .next()
    .transpose()
}

fn whole(row: &Row<'_>) -> Result<Arc<Message>, StoreError> {
    let (kind, headers): (i64, String) = (row.get(2)?, row.get(12)?);
    let delay: i64 = row.get(9)?;
    Ok(Arc::new(Message {
        id: MessageId(row.get(0)?),
        post: row.get(1)?,
        kind: Kind::from_code(kind).ok_or_else(|| StoreError::Corrupt(format!("message.kind is {kind}")))?,
        project: ProjectId(row.get(3)?),
        queue: QueueId(row.get(4)?),
        created: row.get(5)?,
        deliver_at: row.get(6)?,
        deliver_until: row.get(7)?,
        ttl: row.get(8)?,
        delay: (delay >= 0).then_some(delay),
        client: row.get(10)?,
        content_type: row.get(11)?,
        headers: json::read("headers", &headers)?,
        body: Bytes::from(row.get::<_, Vec<u8>>(13)?),
        matched: matched(row, 14)?.into(),
        attributes: json::attributes(row, 15)?,
    }))
}

/// The packed targets in column `column` of a message whose id is in column 0.
pub(super) fn matched(row: &Row<'_>, column: usize) -> Result<Vec<Matched>, StoreError> {
    packed::read_matched(row.get_ref(column)?.as_blob().unwrap_or_default()).map_err(|error| {
        let id = row.get::<_, i64>(0).unwrap_or_default();
        StoreError::Corrupt(format!("targets of message {id}: {error}"))
    })
}
