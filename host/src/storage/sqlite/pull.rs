//! Messages as pull sees them.

use bytes::Bytes;
use nuncio_core::{ClaimId, MessageId, QueueId};
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::{
    catalog::queues,
    claims::{self, Step},
    commit::Commit,
    json,
};
use crate::storage::{PullFilter, Pulled, QueueStats, StoreError};

/// A queue's live rows: neither expired nor purged.
const LIVE: &str = "FROM queued e JOIN message m ON m.id = e.message JOIN queue q ON q.id = e.queue
    WHERE e.queue = ?1 AND +e.expires > ?2 AND e.entered > q.floor";

const COLUMNS: &str =
    "SELECT e.message, m.created, e.ttl, iif(m.sealed, unsealed(m.body, m.id), m.body), e.claims,
    iif(m.sealed, unsealed(m.attributes, m.id), m.attributes),
    iif(e.claim_until > ?2, e.claim, 0)";

fn pulled(row: &Row<'_>) -> Result<Pulled, StoreError> {
    Ok(Pulled {
        id: MessageId(row.get(0)?),
        created: row.get(1)?,
        ttl: row.get(2)?,
        body: Bytes::from(row.get::<_, Vec<u8>>(3)?),
        claims: row.get(4)?,
        attributes: json::attributes(row, 5)?,
        claim: Some(ClaimId(row.get(6)?)).filter(|claim| *claim != ClaimId::NONE),
    })
}

/// Messages in order.
pub(super) fn list(
    db: &Connection,
    project: &str,
    queue: &str,
    filter: &PullFilter,
    now: i64,
) -> Result<Vec<Pulled>, StoreError> {
    let Some(queue) = queues::find(db, project, queue)? else { return Ok(Vec::new()) };
    db.prepare_cached(&format!(
        "{COLUMNS} {LIVE} AND e.message > ?3 AND (?4 OR e.claim_until <= ?2) AND (?5 OR e.visible_at <= ?2)
             AND (?6 IS NULL OR m.client <> ?6) ORDER BY e.message LIMIT ?7"
    ))?
    .query_and_then(
        params![
            queue.0,
            now,
            filter.marker.0,
            filter.claimed,
            filter.delayed,
            filter.without_client,
            filter.limit
        ],
        pulled,
    )?
    .collect()
}

/// Those of `ids` that are there, in their order.
pub(super) fn by_id(
    db: &Connection,
    project: &str,
    queue: &str,
    ids: &[MessageId],
    now: i64,
) -> Result<Vec<Pulled>, StoreError> {
    match queues::find(db, project, queue)? {
        Some(queue) => these(db, queue, ids, now),
        None => Ok(Vec::new()),
    }
}

fn these(db: &Connection, queue: QueueId, ids: &[MessageId], now: i64) -> Result<Vec<Pulled>, StoreError> {
    let mut one = db.prepare_cached(&format!("{COLUMNS} {LIVE} AND e.message = ?3"))?;
    let mut found = Vec::with_capacity(ids.len());
    for id in ids {
        found
            .extend(one.query_and_then(params![queue.0, now, id.0], pulled)?.collect::<Result<Vec<_>, _>>()?);
    }
    Ok(found)
}

/// Those that a claim holds, in order.
pub(super) fn held(
    db: &Connection,
    queue: QueueId,
    claim: ClaimId,
    now: i64,
) -> Result<Vec<Pulled>, StoreError> {
    db.prepare_cached(&format!("{COLUMNS} {LIVE} AND e.claim = ?3 AND e.claim > 0 ORDER BY e.message"))?
        .query_and_then(params![queue.0, now, claim.0], pulled)?
        .collect()
}

/// Removes those of `ids` that are there, whoever claims them.
pub(super) fn delete(
    commit: &mut Commit<'_>,
    project: &str,
    queue: &str,
    ids: &[MessageId],
) -> Result<(), StoreError> {
    let Some(queue) = queues::find(commit.db, project, queue)? else { return Ok(()) };
    remove(commit, queue, ids.iter().copied())
}

/// Removes those of `ids` that are there. A claim goes with the last message that it holds.
pub(super) fn remove(
    commit: &mut Commit<'_>,
    queue: QueueId,
    ids: impl Iterator<Item = MessageId>,
) -> Result<(), StoreError> {
    let mut removed = 0;
    for id in ids {
        let holder: Option<ClaimId> = commit
            .db
            .prepare_cached("DELETE FROM queued WHERE queue = ?1 AND message = ?2 RETURNING claim")?
            .query_row(params![queue.0, id.0], |row| row.get(0).map(ClaimId))
            .optional()?;
        removed += u64::from(holder.is_some());
        if let Some(holder) = holder.filter(|holder| *holder != ClaimId::NONE) {
            claims::abandon(commit, holder)?;
        }
    }
    commit.memory.moved(queue, 0, removed);
    Ok(())
}

/// Takes the first `n` that nobody claims and that are not delayed.
pub(super) fn pop(
    commit: &mut Commit<'_>,
    project: &str,
    queue: &str,
    n: u32,
) -> Result<Vec<Pulled>, StoreError> {
    let Some(place) = queues::known(commit, project, queue)? else { return Ok(Vec::new()) };
    let id = place.queue;
    let mut ids = Vec::new();
    claims::take(commit, id, n, |_, free| {
        ids.push(free.id);
        Ok(if ids.len() >= n as usize { Step::Last(i64::MAX) } else { Step::More(i64::MAX) })
    })?;
    let taken = these(commit.db, id, &ids, commit.now)?;
    remove(commit, id, ids.into_iter())?;
    Ok(taken)
}

/// What a queue holds.
pub(super) fn stats(db: &Connection, project: &str, queue: &str, now: i64) -> Result<QueueStats, StoreError> {
    let Some(queue) = queues::find(db, project, queue)? else { return Ok(QueueStats::default()) };
    let count = |claimed: &str| -> rusqlite::Result<u64> {
        db.prepare_cached(&format!(
            "SELECT count(*) FROM queued e JOIN queue q ON q.id = e.queue
             WHERE e.queue = ?1 AND +e.expires > ?2 AND e.entered > q.floor AND e.claim_until {claimed} ?2"
        ))?
        .query_row(params![queue.0, now], |row| row.get::<_, i64>(0).map(i64::unsigned_abs))
    };
    let edge = |order: &str| -> rusqlite::Result<Option<(MessageId, i64)>> {
        db.prepare_cached(&format!("SELECT e.message, m.created {LIVE} ORDER BY e.message {order} LIMIT 1"))?
            .query_map(params![queue.0, now], |row| Ok((MessageId(row.get(0)?), row.get(1)?)))?
            .next()
            .transpose()
    };
    Ok(QueueStats { free: count("<=")?, claimed: count(">")?, oldest: edge("ASC")?, newest: edge("DESC")? })
}
