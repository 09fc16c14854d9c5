//! Writing what happened: one packed row for all that ended well, rows only for what went wrong or must wait.

use nuncio_core::{
    Cursor, Deferred, DeliveryKey, Failure, Settlement, State, Why,
    packed::{self, Ended},
};
use rusqlite::params;

use super::{deferred, earlier::Earlier, receipts, scan};
use crate::storage::{
    Sent, StoreError,
    sqlite::{commit::Commit, json},
};

/// Records a batch of the engine.
pub(in crate::storage::sqlite) fn record(
    commit: &mut Commit<'_>,
    settlements: &[Settlement],
    sent: &[Sent],
    low: Cursor,
) -> Result<(), StoreError> {
    let mut ended = Vec::with_capacity(settlements.len());
    let mut earlier = Earlier::default();
    for settlement in settlements {
        let before = earlier.of(commit, settlement.key())?;
        match settlement {
            // What its owner has cancelled stays so, unless it was delivered before the engine heard of it.
            Settlement::Deferred { .. } | Settlement::Dead { .. } if before.is_some() => {}
            Settlement::Closed { key, state, n, at, code, deferred: waited } => {
                before.into_iter().for_each(|before| commit.tally.count(before, -1));
                commit.tally.count(*state, 1);
                ended.push(Ended { key: *key, state: *state, n: *n, at: *at, code: *code });
                if *waited {
                    deferred::remove(commit.db, *key)?;
                }
            }
            Settlement::Deferred { row, failure } => {
                wait(commit, row)?;
                attempt(commit, row.key, failure.as_ref())?;
            }
            dead @ Settlement::Dead { .. } => {
                commit.tally.count(State::Dead, 1);
                bury(commit, dead)?;
            }
        }
    }
    pack(commit, ended)?;
    for one in sent {
        receipts::remember(commit, one)?;
    }
    commit
        .db
        .prepare_cached("UPDATE log SET low_message = ?2, low_idx = ?3 WHERE id = ?1")?
        .execute(params![commit.log, low.message.0, low.idx])?;
    Ok(())
}

/// Ends deliveries that are open, by somebody's wish; the engine may have them in memory.
pub(super) fn close(commit: &mut Commit<'_>, ended: Vec<Ended>) -> Result<(), StoreError> {
    for one in &ended {
        commit.tally.count(one.state, 1);
        commit.memory.ended_by_hand(one.key.message.block());
    }
    pack(commit, ended)
}

/// Writes packed rows, one for each block of message ids.
fn pack(commit: &Commit<'_>, mut ended: Vec<Ended>) -> Result<(), StoreError> {
    let block = |one: &Ended| one.key.message.block();
    // Stable: of two entries of one delivery the later stays the later.
    ended.sort_by_key(block);
    for entries in ended.chunk_by(|a, b| block(a) == block(b)) {
        if let Some(first) = entries.first() {
            commit
                .db
                .prepare_cached("INSERT INTO outcome (block, packed) VALUES (?1, ?2)")?
                .execute(params![block(first), packed::outcomes(entries)])?;
        }
    }
    Ok(())
}

/// Writes a row into the lane to which its subscription leads now: it may have been changed, and its backlog moved,
/// while the engine had the delivery.
fn wait(commit: &mut Commit<'_>, row: &Deferred) -> Result<(), StoreError> {
    let lane = scan::lane(commit.db, row.target)?.unwrap_or(row.lane);
    // What is spilled stands at its time of acceptance, which lies ahead when the clock was set back since. In a sequence
    // that is its place, and others may stand behind it.
    let due = if row.why == Why::Spilled && row.post >= 0 { row.due.min(commit.now) } else { row.due };
    if (lane, due) == (row.lane, row.due) {
        return deferred::put(commit, row);
    }
    deferred::put(commit, &Deferred { lane, due, ..row.clone() })?;
    commit.scheduled(lane, due);
    Ok(())
}

fn bury(commit: &Commit<'_>, settlement: &Settlement) -> Result<(), StoreError> {
    let Settlement::Dead { key, first, target, lane, at, attempts, reason, failure, deferred: waited } =
        settlement
    else {
        return Ok(());
    };
    commit
        .db
        .prepare_cached(
            "INSERT OR REPLACE INTO dead (message, idx, first, target, lane, project, queue, at, attempts, reason)
             VALUES (?1, ?2, ?3, ?4, ?5, coalesce((SELECT project FROM message WHERE id = ?1), 0),
             coalesce((SELECT queue FROM message WHERE id = ?1), 0), ?6, ?7, ?8)",
        )?
        .execute(params![key.message.0, key.idx, first, target.0, lane.0, at, attempts, reason])?;
    attempt(commit, *key, failure.as_ref())?;
    if *waited {
        deferred::remove(commit.db, *key)?;
    }
    Ok(())
}

fn attempt(commit: &Commit<'_>, key: DeliveryKey, failure: Option<&Failure>) -> Result<(), StoreError> {
    let Some(failure) = failure else { return Ok(()) };
    commit
        .db
        .prepare_cached(
            "INSERT OR REPLACE INTO attempt (message, idx, n, at, ms, outcome, scope, code, reason, excerpt)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
        )?
        .execute(params![
            key.message.0,
            key.idx,
            failure.n,
            failure.at,
            failure.ms,
            json::write("outcome", &failure.outcome)?,
            json::write("scope", &failure.scope)?,
            failure.code,
            failure.reason,
            failure.excerpt,
        ])?;
    Ok(())
}
