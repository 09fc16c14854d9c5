//! What an owner does with a delivery: try it again, or cancel it.

use nuncio_core::{Deferred, DeliveryKey, State, Why, packed::Ended};
use rusqlite::params;

use super::{
    deferred, record,
    view::{self, Found, Viewer},
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
        State::Dead => raise(commit, key, &found)?,
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

/// Takes a delivery back from the dead: tries anew, attempt numbers run on.
fn raise(commit: &mut Commit<'_>, key: DeliveryKey, found: &Found) -> Result<(), StoreError> {
    let (post, until, bytes): (i64, i64, u32) = commit
        .db
        .prepare_cached("SELECT post, deliver_until, length(body) FROM message WHERE id = ?1")?
        .query_row([key.message.0], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    let recorded = view::failures(commit.db, key)?.last().map_or(0, |last| last.n);
    commit
        .db
        .prepare_cached("DELETE FROM dead WHERE message = ?1 AND idx = ?2")?
        .execute(params![key.message.0, key.idx])?;
    commit.tally.count(State::Dead, -1);
    let row = Deferred {
        key,
        first: found.first,
        target: found.target,
        lane: found.aim.lane,
        due: commit.now,
        why: Why::Retry,
        n: found.stand.attempts.max(recorded),
        tries: 0,
        since: commit.now,
        bytes,
        post,
        until,
    };
    deferred::put(commit, &row)?;
    commit.scheduled(row.lane, row.due);
    Ok(())
}

fn wake(commit: &mut Commit<'_>, row: &Deferred) -> Result<(), StoreError> {
    let due = row.due.min(commit.now);
    let since = row.since.min(commit.now);
    deferred::put(commit, &Deferred { due, since, why: Why::Retry, ..row.clone() })?;
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
    let n = found.stand.attempts;
    record::close(commit, vec![Ended { key, state: State::Cancelled, n, at: commit.now, code: 0 }])?;
    Ok(CancelResult::Cancelled)
}
