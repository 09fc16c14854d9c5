//! What nobody waits for, in slices: emptied queues, what expired, claims that ended, deliveries that change their lane.
//!
//! What is left to do stands in the tables, so a crash only delays it.

use nuncio_core::{LaneId, QueueId, SubscriptionId};
use rusqlite::{OptionalExtension, params};

use super::{claims, commit::Commit, deliveries, jobs};
use crate::storage::StoreError;

/// Rows of a slice.
const SLICE: u32 = 1000;

/// Does a slice of each; whether anything is left.
pub(super) fn slice(commit: &mut Commit<'_>) -> Result<bool, StoreError> {
    let mut more = move_backlog(commit)?;
    more |= wake_backlog(commit)?;
    more |= empty_queue(commit)?;
    more |= expire_messages(commit)?;
    more |= is_full(claims::end(commit, SLICE)?);
    more |= expire_subscriptions(commit)?;
    more |= forget_keys(commit)?;
    more |= forget_gone(commit)?;
    more |= jobs::forget(commit)?;
    Ok(more)
}

fn is_full(rows: usize) -> bool {
    rows >= SLICE as usize
}

/// Moves waiting deliveries of a subscription with one address into the lane of its newest target.
fn move_backlog(commit: &mut Commit<'_>) -> Result<bool, StoreError> {
    let moving = commit
        .db
        .prepare_cached(
            "SELECT s.id, t.lane FROM subscription s JOIN target t ON t.id = s.target
             WHERE s.moving > 0 ORDER BY s.id LIMIT 1",
        )?
        .query_row([], |row| Ok((SubscriptionId(row.get(0)?), LaneId(row.get(1)?))))
        .optional()?;
    let Some((id, lane)) = moving else { return Ok(false) };
    let dues: Vec<i64> = commit
        .db
        .prepare_cached(
            "UPDATE deferred SET lane = ?2 WHERE (message, idx) IN (
                SELECT d.message, d.idx FROM target t JOIN deferred d ON d.target = t.id
                WHERE t.subscription = ?1 AND t.recipients = 1 AND t.frozen = 0 AND d.lane <> ?2 LIMIT ?3)
             RETURNING due",
        )?
        .query_map(params![id.0, lane.0, SLICE], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    if let Some(due) = dues.iter().min() {
        commit.scheduled(lane, *due);
    }
    if !is_full(dues.len()) {
        commit.db.prepare_cached("UPDATE subscription SET moving = 0 WHERE id = ?1")?.execute([id.0])?;
    }
    Ok(true)
}

/// Lets go what was held for a subscription until somebody agreed to it.
fn wake_backlog(commit: &mut Commit<'_>) -> Result<bool, StoreError> {
    let waking = commit
        .db
        .prepare_cached("SELECT id FROM subscription WHERE waking = 1 ORDER BY id LIMIT 1")?
        .query_row([], |row| row.get(0).map(SubscriptionId))
        .optional()?;
    let Some(id) = waking else { return Ok(false) };
    let woken = deliveries::wake_unconfirmed(commit, id, SLICE)?;
    if !is_full(woken) {
        commit.db.prepare_cached("UPDATE subscription SET waking = 0 WHERE id = ?1")?.execute([id.0])?;
    }
    Ok(true)
}

/// Removes what an emptied or deleted queue held.
fn empty_queue(commit: &mut Commit<'_>) -> Result<bool, StoreError> {
    let below = commit
        .db
        .prepare_cached("SELECT id, floor FROM queue WHERE sweep = 1 ORDER BY id LIMIT 1")?
        .query_row([], |row| Ok((QueueId(row.get(0)?), row.get::<_, i64>(1)?)))
        .optional()?;
    let Some((queue, floor)) = below else { return Ok(false) };
    let removed = commit
        .db
        .prepare_cached(
            "DELETE FROM queued WHERE queue = ?1 AND message IN (
                SELECT message FROM queued WHERE queue = ?1 AND message <= ?2 AND entered <= ?2 LIMIT ?3)",
        )?
        .execute(params![queue.0, floor, SLICE])?;
    commit.memory.moved(queue, 0, removed as u64);
    if !is_full(removed) {
        commit.db.prepare_cached("UPDATE queue SET sweep = 0 WHERE id = ?1")?.execute([queue.0])?;
    }
    Ok(true)
}

fn expire_messages(commit: &mut Commit<'_>) -> Result<bool, StoreError> {
    let queues: Vec<_> = commit
        .db
        .prepare_cached(
            "DELETE FROM queued WHERE (queue, message) IN (
                SELECT queue, message FROM queued WHERE expires <= ?1 ORDER BY expires LIMIT ?2)
             RETURNING queue",
        )?
        .query_map(params![commit.now, SLICE], |row| row.get(0).map(QueueId))?
        .collect::<Result<_, _>>()?;
    for queue in &queues {
        commit.memory.moved(*queue, 0, 1);
    }
    Ok(is_full(queues.len()))
}

fn expire_subscriptions(commit: &mut Commit<'_>) -> Result<bool, StoreError> {
    let expired: Vec<_> = commit
        .db
        .prepare_cached(
            "UPDATE subscription SET state = 1 WHERE id IN (
                SELECT id FROM subscription WHERE state = 0 AND expires > 0 AND expires <= ?1 LIMIT ?2)
             RETURNING queue, id",
        )?
        .query_map(params![commit.now, SLICE], |row| Ok((QueueId(row.get(0)?), SubscriptionId(row.get(1)?))))?
        .collect::<Result<_, _>>()?;
    for (queue, id) in &expired {
        commit.published.changed.push(*id);
        commit.memory.changed(commit.db, *queue, *id)?;
    }
    Ok(is_full(expired.len()))
}

fn forget_keys(commit: &mut Commit<'_>) -> Result<bool, StoreError> {
    let expired: Vec<(i64, i64, String)> = commit
        .db
        .prepare_cached("SELECT project, queue, key FROM dedup WHERE expires <= ?1 LIMIT ?2")?
        .query_map(params![commit.now, SLICE], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
        .collect::<Result<_, _>>()?;
    let mut forget =
        commit.db.prepare_cached("DELETE FROM dedup WHERE project = ?1 AND queue = ?2 AND key = ?3")?;
    for key in &expired {
        forget.execute(params![key.0, key.1, key.2])?;
    }
    Ok(is_full(expired.len()))
}

/// What is remembered of addresses goes with their subscriptions.
fn forget_gone(commit: &mut Commit<'_>) -> Result<bool, StoreError> {
    let removed = commit
        .db
        .prepare_cached(
            "DELETE FROM gone WHERE (subscription, address) IN (
                SELECT g.subscription, g.address FROM gone g LEFT JOIN subscription s ON s.id = g.subscription
                WHERE s.id IS NULL OR s.state > 0 LIMIT ?1)",
        )?
        .execute([SLICE])?;
    Ok(is_full(removed))
}
