//! Subscriptions: made, read, confirmed, ended.

use nuncio_core::{QueueId, SubscriptionId, TargetId, filter::Filter};
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::{consent, queues};
use crate::storage::{
    Disabled, NewSubscription, NewTarget, StoreError, Subscribed, SubscriptionRow,
    sqlite::{commit::Commit, json, memory::Place, targets, usage},
};

/// What stands under a canonical URI.
struct Known {
    id: SubscriptionId,
    confirmed: bool,
    expires: i64,
}

/// Subscribes; a live one with the same canonical URI is left as it is.
pub(in crate::storage::sqlite) fn add(
    commit: &mut Commit<'_>,
    project: &str,
    queue: &str,
    new: &NewSubscription,
) -> Result<Subscribed, StoreError> {
    let (owner, Place { project, queue, .. }) = (project, queues::ensure(commit, project, queue)?);
    if let Some(known) = under(commit.db, queue, &new.uri_key)? {
        if !has_expired(known.expires, commit.now) {
            if let Some(asking) = new.asking.as_ref().filter(|_| !known.confirmed) {
                consent::again(commit, (project, queue), known.id, asking)?;
            }
            return Ok(Subscribed::Exists { id: known.id, confirmed: known.confirmed });
        }
        expire(commit, queue, known.id)?;
    }
    usage::room_for_subscription(commit, owner)?;
    room_for_filter(commit, queue, SubscriptionId::NONE, &new.target)?;
    commit
        .db
        .prepare_cached(
            "INSERT INTO subscription (project, queue, uri_key, ttl, since, expires, confirmed, target, state,
             moving, bound) VALUES (?1, ?2, fingerprint(?3), ?4, ?5, ?6, 0, 0, 0, 0, ?7)",
        )?
        .execute(params![
            project.0,
            queue.0,
            new.uri_key,
            new.ttl,
            commit.now,
            expiry(commit.now, new.ttl),
            new.bound,
        ])?;
    let id = SubscriptionId(commit.db.last_insert_rowid());
    let (target, _) = targets::add(commit, project, id, &new.target)?;
    aim(commit.db, id, target)?;
    if let Some(asking) = &new.asking {
        consent::begin(commit, project, id, asking)?;
    }
    commit.memory.changed(commit.db, queue, id)?;
    Ok(Subscribed::New(id))
}

fn under(db: &Connection, queue: QueueId, uri_key: &str) -> rusqlite::Result<Option<Known>> {
    db.prepare_cached(
        "SELECT id, confirmed, expires FROM subscription WHERE queue = ?1 AND uri_key = fingerprint(?2) AND state = 0",
    )?
    .query_row(params![queue.0, uri_key], |row| {
        Ok(Known { id: SubscriptionId(row.get(0)?), confirmed: row.get(1)?, expires: row.get(2)? })
    })
    .optional()
}

/// Whether another live subscription of the queue has `uri_key`; one that has expired makes room.
pub(super) fn stands_in_the_way(
    commit: &mut Commit<'_>,
    queue: QueueId,
    uri_key: &str,
    of: SubscriptionId,
) -> Result<bool, StoreError> {
    match under(commit.db, queue, uri_key)? {
        Some(known) if known.id != of && has_expired(known.expires, commit.now) => {
            expire(commit, queue, known.id)?;
            Ok(false)
        }
        Some(known) => Ok(known.id != of),
        None => Ok(false),
    }
}

/// Refuses a target of `of`, which may be new, whose filter would be one too many for its queue: each message is held
/// against all of them.
pub(super) fn room_for_filter(
    commit: &mut Commit<'_>,
    queue: QueueId,
    of: SubscriptionId,
    target: &NewTarget,
) -> Result<(), StoreError> {
    let (filter, most) = (Filter::text(&target.options), commit.limits.max_filters);
    if filter.is_empty() || !commit.memory.would_exceed(commit.db, queue, of, &filter, most)? {
        return Ok(());
    }
    Err(StoreError::TooMany { limit: "queues.max_filters", value: most as u64 })
}

fn expire(commit: &mut Commit<'_>, queue: QueueId, id: SubscriptionId) -> Result<(), StoreError> {
    commit.db.prepare_cached("UPDATE subscription SET state = 1 WHERE id = ?1")?.execute([id.0])?;
    commit.published.changed.push(id);
    commit.memory.changed(commit.db, queue, id)
}

/// Sets the newest target.
pub(super) fn aim(db: &Connection, id: SubscriptionId, target: TargetId) -> rusqlite::Result<()> {
    db.prepare_cached("UPDATE subscription SET target = ?2 WHERE id = ?1")?
        .execute(params![id.0, target.0])
        .map(drop)
}

/// When a subscription of `ttl` seconds expires; 0 is never.
pub(super) fn expiry(since: i64, ttl: i64) -> i64 {
    if ttl == 0 { 0 } else { since.saturating_add(ttl.saturating_mul(1000)) }
}

/// Whether `expires` has passed.
fn has_expired(expires: i64, now: i64) -> bool {
    expires != 0 && expires <= now
}

fn columns() -> String {
    let (uri, options) = (targets::opened("t", "uri"), targets::opened("t", "options"));
    format!(
        "SELECT s.id, q.name, {uri}, {options}, s.ttl, s.since, s.confirmed, s.disabled, s.why, s.bound
         FROM subscription s JOIN target t ON t.id = s.target JOIN queue q ON q.id = s.queue"
    )
}

/// A live subscription.
pub(in crate::storage::sqlite) fn read(
    db: &Connection,
    project: &str,
    queue: &str,
    id: SubscriptionId,
    now: i64,
) -> Result<Option<SubscriptionRow>, StoreError> {
    let Some(queue) = queues::find(db, project, queue)? else { return Ok(None) };
    db.prepare_cached(&format!(
        "{} WHERE s.id = ?2 AND s.queue = ?1 AND s.state = 0 AND (s.expires = 0 OR s.expires > ?3)",
        columns()
    ))?
    .query_and_then(params![queue.0, id.0, now], subscription_row)?
    .next()
    .transpose()
}

/// Live subscriptions of a queue after `marker`.
pub(in crate::storage::sqlite) fn list(
    db: &Connection,
    project: &str,
    queue: &str,
    marker: SubscriptionId,
    limit: u32,
    now: i64,
) -> Result<Vec<SubscriptionRow>, StoreError> {
    let Some(queue) = queues::find(db, project, queue)? else { return Ok(Vec::new()) };
    db.prepare_cached(&format!(
        "{} WHERE s.queue = ?1 AND s.id > ?2 AND s.state = 0 AND (s.expires = 0 OR s.expires > ?3)
         ORDER BY s.id LIMIT ?4",
        columns()
    ))?
    .query_and_then(params![queue.0, marker.0, now, limit], subscription_row)?
    .collect()
}

fn subscription_row(row: &Row<'_>) -> Result<SubscriptionRow, StoreError> {
    let options: String = row.get(3)?;
    Ok(SubscriptionRow {
        id: SubscriptionId(row.get(0)?),
        queue: row.get(1)?,
        uri: row.get(2)?,
        options: json::read("options", &options)?,
        ttl: row.get(4)?,
        since: row.get(5)?,
        confirmed: row.get(6)?,
        disabled: match row.get(7)? {
            0 => None,
            since => Some(Disabled { since, why: row.get(8)? }),
        },
        bound: row.get(9)?,
    })
}

/// Ends a subscription; one that is not there is ended already.
pub(in crate::storage::sqlite) fn end(
    commit: &mut Commit<'_>,
    project: &str,
    queue: &str,
    id: SubscriptionId,
) -> Result<(), StoreError> {
    let Some(queue) = queues::find(commit.db, project, queue)? else { return Ok(()) };
    let ended = commit
        .db
        .prepare_cached("UPDATE subscription SET state = 2 WHERE id = ?1 AND queue = ?2 AND state < 2")?
        .execute(params![id.0, queue.0])?;
    if ended > 0 {
        commit.published.changed.push(id);
        commit.memory.changed(commit.db, queue, id)?;
    }
    Ok(())
}

/// Ends the subscriptions that live with a connection.
pub(in crate::storage::sqlite) fn unbind(commit: &mut Commit<'_>) -> Result<u64, StoreError> {
    let ended: Vec<_> = commit
        .db
        .prepare_cached(
            "UPDATE subscription SET state = 2 WHERE state = 0 AND bound = 1 RETURNING queue, id",
        )?
        .query_map([], |row| Ok((QueueId(row.get(0)?), SubscriptionId(row.get(1)?))))?
        .collect::<Result<_, _>>()?;
    for (queue, id) in &ended {
        commit.published.changed.push(*id);
        commit.memory.changed(commit.db, *queue, *id)?;
    }
    Ok(ended.len() as u64)
}

/// Those of `ids` that live.
pub(in crate::storage::sqlite) fn live(
    db: &Connection,
    ids: &[SubscriptionId],
    now: i64,
) -> Result<Vec<SubscriptionId>, StoreError> {
    let mut query = db.prepare_cached(
        "SELECT 1 FROM subscription WHERE id = ?1 AND state = 0 AND (expires = 0 OR expires > ?2)",
    )?;
    let mut live = Vec::with_capacity(ids.len());
    for id in ids {
        if query.exists(params![id.0, now])? {
            live.push(*id);
        }
    }
    Ok(live)
}
