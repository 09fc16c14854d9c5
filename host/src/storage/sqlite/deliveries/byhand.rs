//! What an owner does with a delivery: try it again, or cancel it.

use nuncio_core::{
    Cursor, Deferred, DeliveryKey, LaneId, State, SubscriptionId, TargetId, Why, packed::Ended,
};
use rusqlite::{Connection, OptionalExtension, params};

use super::{
    block::Block,
    deferred, read, receipts, record,
    view::{self, Viewer},
};
use crate::storage::{CancelResult, RequeueResult, StoreError, sqlite::commit::Commit};

/// Makes a delivery due now.
pub(in crate::storage::sqlite) fn requeue(
    commit: &mut Commit<'_>,
    project: &str,
    key: DeliveryKey,
) -> Result<RequeueResult, StoreError> {
    let mut viewer = Viewer::new(commit.db, commit.log, commit.now)?;
    let Some(found) = view::named(&mut viewer, project, key)? else { return Ok(RequeueResult::Absent) };
    if found.aim.ended {
        return Ok(RequeueResult::Ended);
    }
    match found.stand.state {
        State::Dead => {
            let grave = Grave { first: found.first, target: found.target, attempts: found.stand.attempts };
            raise_one(commit, key, &grave, found.aim.lane)?;
        }
        State::Waiting | State::Held => {
            // Without a row the engine has it, or reads it next.
            if let Some(row) = found.known.deferred.get(&key) {
                wake(commit, row)?;
            }
        }
        settled => return Ok(RequeueResult::Settled(settled)),
    }
    Ok(RequeueResult::Due)
}

/// What became of dead deliveries that were to be raised.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::storage::sqlite) struct Raised {
    /// Due now.
    pub(in crate::storage::sqlite) done: u64,
    /// Left dead: their subscription has ended.
    pub(in crate::storage::sqlite) ended: u64,
    /// Not dead any more, or without a message.
    pub(in crate::storage::sqlite) changed: u64,
}

/// Takes deliveries back from the dead.
pub(in crate::storage::sqlite) fn raise(
    commit: &mut Commit<'_>,
    keys: &[DeliveryKey],
) -> Result<Raised, StoreError> {
    let mut viewer = Viewer::new(commit.db, commit.log, commit.now)?;
    let mut raised = Raised::default();
    for key in keys {
        let Some(grave) = Grave::of(commit.db, *key)? else {
            raised.changed += 1;
            continue;
        };
        match viewer.aim(grave.target)? {
            Some(aim) if aim.ended => raised.ended += 1,
            Some(aim) if raise_one(commit, *key, &grave, aim.lane)? => raised.done += 1,
            _ => raised.changed += 1,
        }
    }
    Ok(raised)
}

/// What a dead letter says of its delivery.
struct Grave {
    first: u32,
    target: TargetId,
    attempts: u32,
}

impl Grave {
    fn of(db: &Connection, key: DeliveryKey) -> rusqlite::Result<Option<Self>> {
        db.prepare_cached("SELECT first, target, attempts FROM dead WHERE message = ?1 AND idx = ?2")?
            .query_row(params![key.message.0, key.idx], |row| {
                Ok(Self { first: row.get(0)?, target: TargetId(row.get(1)?), attempts: row.get(2)? })
            })
            .optional()
    }
}

/// Takes a delivery back from the dead: tries anew, attempt numbers run on. `false` when its message is gone.
fn raise_one(
    commit: &mut Commit<'_>,
    key: DeliveryKey,
    grave: &Grave,
    lane: LaneId,
) -> Result<bool, StoreError> {
    let message: Option<(i64, i64, u32)> = commit
        .db
        .prepare_cached("SELECT post, deliver_until, length(body) FROM message WHERE id = ?1")?
        .query_row([key.message.0], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .optional()?;
    let Some((post, until, bytes)) = message else { return Ok(false) };
    let recorded: u32 = commit
        .db
        .prepare_cached("SELECT coalesce(max(n), 0) FROM attempt WHERE message = ?1 AND idx = ?2")?
        .query_row(params![key.message.0, key.idx], |row| row.get(0))?;
    commit
        .db
        .prepare_cached("DELETE FROM dead WHERE message = ?1 AND idx = ?2")?
        .execute(params![key.message.0, key.idx])?;
    receipts::forget(commit, key)?;
    commit.tally.count(State::Dead, -1);
    let row = Deferred {
        key,
        first: grave.first,
        target: grave.target,
        lane,
        due: commit.now,
        not_before: 0,
        why: Why::Retry,
        n: grave.attempts.max(recorded),
        tries: 0,
        since: commit.now,
        bytes,
        post,
        until,
    };
    deferred::put(commit, &row)?;
    commit.scheduled(row.lane, row.due);
    Ok(true)
}

/// Lets at most `most` deliveries of a subscription go that waited for somebody to agree; how many they were.
pub(in crate::storage::sqlite) fn wake_unconfirmed(
    commit: &mut Commit<'_>,
    of: SubscriptionId,
    most: u32,
) -> Result<usize, StoreError> {
    let rows = deferred::unconfirmed(commit.db, of, most)?;
    for row in &rows {
        // The time for which it waited does not count.
        wake(commit, &Deferred { since: commit.now, ..row.clone() })?;
    }
    Ok(rows.len())
}

fn wake(commit: &mut Commit<'_>, row: &Deferred) -> Result<(), StoreError> {
    // In an ordered lane a delivery keeps its place, which is when its id was issued.
    let keeps_place = row.due == row.key.message.issued_ms();
    let due = if keeps_place { row.due } else { row.due.min(commit.now) };
    // What was given up is tried anew.
    let stopped = row.why == Why::Stopped;
    let (tries, since) = if stopped { (0, commit.now) } else { (row.tries, row.since.min(commit.now)) };
    deferred::put(commit, &Deferred { due, not_before: 0, tries, since, why: Why::Retry, ..row.clone() })?;
    commit.scheduled(row.lane, due);
    Ok(())
}

/// Cancels a delivery that waits.
pub(in crate::storage::sqlite) fn cancel(
    commit: &mut Commit<'_>,
    project: &str,
    key: DeliveryKey,
) -> Result<CancelResult, StoreError> {
    let mut viewer = Viewer::new(commit.db, commit.log, commit.now)?;
    let Some(found) = view::named(&mut viewer, project, key)? else { return Ok(CancelResult::Absent) };
    if !matches!(found.stand.state, State::Waiting | State::Held) {
        return Ok(CancelResult::Settled(found.stand.state));
    }
    deferred::remove(commit.db, key)?;
    if let Some(row) = found.known.deferred.get(&key) {
        // What waited behind it may go.
        commit.scheduled(row.lane, row.due);
    }
    let n = found.stand.attempts;
    record::close(commit, vec![Ended { key, state: State::Cancelled, n, at: commit.now, code: 0 }])?;
    Ok(CancelResult::Cancelled)
}

/// What became of deliveries that were to be cancelled.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::storage::sqlite) struct Cancelled {
    /// Cancelled, now or before.
    pub(in crate::storage::sqlite) done: u64,
    /// Settled in another way.
    pub(in crate::storage::sqlite) changed: u64,
}

/// Cancels those of `keys`, ascending, that wait.
pub(in crate::storage::sqlite) fn cancel_all(
    commit: &mut Commit<'_>,
    keys: &[DeliveryKey],
) -> Result<Cancelled, StoreError> {
    let (low, at) = (read::low(commit.db, commit.log)?, commit.now);
    let (mut cancelled, mut ended) = (Cancelled::default(), Vec::new());
    let mut end = |key, n| ended.push(Ended { key, state: State::Cancelled, n, at, code: 0 });
    let mut rowless = Vec::new();
    for key in keys {
        match deferred::take(commit.db, *key)? {
            Some(n) => {
                end(*key, n);
                cancelled.done += 1;
            }
            None => rowless.push(*key),
        }
    }
    for block in rowless.chunk_by(|a, b| a.message.block() == b.message.block()) {
        let (Some(first), Some(last)) = (block.first(), block.last()) else { continue };
        let known = Block::read_between(commit.db, first.message, last.message)?;
        for key in block {
            let before = known.ended.get(key).map(|one| one.state);
            let open = !known.names(*key) && Cursor { message: key.message, idx: key.idx } >= low;
            if open {
                end(*key, 0);
            }
            if open || (before == Some(State::Cancelled) && !known.dead.contains_key(key)) {
                cancelled.done += 1;
            } else {
                cancelled.changed += 1;
            }
        }
    }
    record::close(commit, ended)?;
    Ok(cancelled)
}
