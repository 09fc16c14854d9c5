//! A clock that was set back. Due times are times of the day: what was due in a minute by the old time would be due in
//! a day and a minute by the new one.

use nuncio_core::Why;
use rusqlite::{Connection, params};

use super::commit::Commit;
use crate::storage::StoreError;

/// A clock that goes back by less is being adjusted, and what is due comes later by no more.
const ADJUSTED_MS: i64 = 5_000;

/// The time of the last commit that is known of a log, Unix milliseconds; 0 when there was none.
pub(super) fn last_commit(db: &Connection, log: u16) -> rusqlite::Result<i64> {
    db.query_row("SELECT clock FROM log WHERE id = ?1", [log], |row| row.get(0))
}

/// Whether a clock that says `now` was set back since it said `last`.
pub(super) const fn set_back(last: i64, now: i64) -> bool {
    last.saturating_sub(now) > ADJUSTED_MS
}

/// Makes everything that waits due by the new time when it would have been by the old one; `last` is what the clock
/// said before. What its producer scheduled is due when the clock says so; what is in a sequence (its `post` is below 0)
/// keeps its place, which is no time of the day.
pub(super) fn follow(commit: &mut Commit<'_>, last: i64) -> Result<(), StoreError> {
    let by = last.saturating_sub(commit.now);
    let moved = commit
        .db
        .prepare_cached(
            "UPDATE deferred SET due = iif(post < 0, due, due - ?3), since = since - ?3,
             not_before = iif(why = ?4, not_before, max(0, not_before - ?3)) WHERE log = ?1 AND why <> ?2",
        )?
        .execute(params![commit.log, Why::Scheduled as u8, by, Why::Stopped as u8])?;
    commit
        .db
        .prepare_cached("UPDATE log SET clock = ?2 WHERE id = ?1")?
        .execute(params![commit.log, commit.now])?;
    let claimed = follow_claims(commit, by)?;
    tracing::warn!(
        seconds = by / 1_000,
        moved,
        claimed,
        "the clock was set back: what waits to be tried again, and what is claimed or delayed, follows it"
    );
    announce(commit)
}

/// Lets claims end, and messages appear, after the time that they were to wait; how many messages were moved. What has
/// ended by the old time has ended.
fn follow_claims(commit: &mut Commit<'_>, by: i64) -> Result<usize, StoreError> {
    let moved = commit
        .db
        .prepare_cached(
            "UPDATE queued SET claim_until = max(0, claim_until - ?2), visible_at = max(0, visible_at - ?2)
             WHERE claim_until > ?1 OR visible_at > ?1",
        )?
        .execute([commit.now, by])?;
    commit.db.prepare_cached("UPDATE claim SET since = since - ?1, until = until - ?1")?.execute([by])?;
    // It remembers up to when nothing is free.
    commit.memory.forget();
    Ok(moved)
}

/// Tells the engine when each lane is due, also what it may know better.
pub(super) fn announce(commit: &mut Commit<'_>) -> Result<(), StoreError> {
    for (lane, due) in super::deliveries::waiting(commit.db, commit.log)? {
        commit.scheduled(lane, due);
    }
    Ok(())
}
