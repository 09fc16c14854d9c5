//! What only forgotten messages needed: revisions of targets, ended subscriptions, deleted queues.
//!
//! When one of them is replaced or ends, a trigger marks it `retired = 1`. The first slice after that writes the last
//! message id issued: no later message names it. It goes once every message that is left is later.

use rusqlite::{Connection, params};

use super::shrink;
use crate::storage::{
    StoreError,
    sqlite::{commit::Commit, devices, early},
};

/// Rows of each kind in one commit.
const SLICE: i64 = 200;

/// Removes a slice; whether anything is left.
pub(in crate::storage::sqlite) fn tidy(commit: &mut Commit<'_>) -> Result<bool, StoreError> {
    let last = commit.memory.last_id();
    let oldest: i64 = commit
        .db
        .prepare_cached("SELECT coalesce(min(id), ?1 + 1) FROM message")?
        .query_row([last.0], |row| row.get(0))?;
    let mut more = false;
    for table in ["target", "subscription", "queue"] {
        let sql = format!(
            "UPDATE {table} SET retired = ?1 WHERE id IN (SELECT id FROM {table} WHERE retired > 0 AND retired = 1 LIMIT ?2)"
        );
        // At least 2: 1 says that it is not known yet.
        more |= slice(commit.db, &sql, last.0.max(2))?;
    }
    more |= slice(commit.db, ORPHANS, oldest >> 30)?;
    for sql in [TARGETS_OF_ENDED, SUBSCRIPTIONS, TARGETS, QUEUES] {
        more |= slice(commit.db, sql, oldest)?;
    }
    more |= early::tidy(commit, SLICE)?;
    more |= devices::tidy(commit, SLICE)?;
    Ok(more | shrink::slice(commit.db)?)
}

/// Outcomes of blocks before the oldest message.
const ORPHANS: &str = "DELETE FROM outcome WHERE seq IN (SELECT seq FROM outcome WHERE block < ?1 LIMIT ?2)";

// `retired > 0` is for the indexes: SQLite takes a partial one only where its very condition is asked for.

const TARGETS_OF_ENDED: &str = "DELETE FROM target WHERE id IN (
    SELECT t.id FROM subscription s JOIN target t ON t.subscription = s.id
    WHERE s.retired > 0 AND s.retired > 1 AND s.retired < ?1 AND s.moving = 0 LIMIT ?2)";

const SUBSCRIPTIONS: &str = "DELETE FROM subscription WHERE id IN (
    SELECT id FROM subscription s WHERE retired > 0 AND retired > 1 AND retired < ?1 AND moving = 0
    AND NOT EXISTS (SELECT 1 FROM target WHERE subscription = s.id) LIMIT ?2)";

const TARGETS: &str = "DELETE FROM target WHERE id IN (
    SELECT id FROM target WHERE retired > 0 AND retired > 1 AND retired < ?1 LIMIT ?2)";

const QUEUES: &str = "DELETE FROM queue WHERE id IN (
    SELECT id FROM queue q WHERE retired > 0 AND retired > 1 AND retired < ?1 AND sweep = 0
    AND NOT EXISTS (SELECT 1 FROM subscription WHERE queue = q.id) LIMIT ?2)";

/// Runs `sql` for a slice of rows; whether there may be more.
fn slice(db: &Connection, sql: &str, mark: i64) -> rusqlite::Result<bool> {
    let rows = db.prepare_cached(sql)?.execute(params![mark, SLICE])?;
    Ok(rows as i64 >= SLICE)
}
