//! One transaction: settlements first, then what clients asked, then a slice of sweeping.

use std::collections::VecDeque;

use nuncio_core::MessageId;
use rusqlite::{Connection, params};

use super::{
    disk,
    handle::{Answer, Batch, Change},
    thread::Desk,
};
use crate::storage::{
    Committed, StoreError,
    sqlite::{commit::Commit, deliveries, sweep},
};

/// What is to be committed together.
pub(super) struct Work<'w> {
    pub(super) changes: Vec<Change>,
    pub(super) batches: &'w VecDeque<Batch>,
    pub(super) sweep: bool,
}

/// What became of it.
pub(super) struct Done {
    /// Whether it is on stable storage.
    pub(super) result: Result<(), StoreError>,
    /// How to answer the clients.
    pub(super) answers: Vec<Answer>,
    /// How many batches were recorded, from the first.
    pub(super) recorded: usize,
    /// What is new.
    pub(super) published: Committed,
    /// Whether something is left to sweep.
    pub(super) sweep_more: bool,
}

/// Runs `work` in one transaction.
pub(super) fn run(desk: &mut Desk, work: Work<'_>) -> Done {
    let begun = execute(&desk.db, "BEGIN IMMEDIATE");
    let last = desk.memory.last_id();
    let mut commit = Commit {
        db: &desk.db,
        now: desk.clock.now_ms(),
        log: desk.log,
        limits: &desk.limits,
        memory: &mut desk.memory,
        published: Committed::default(),
        chores: false,
    };
    let recorded = record(&mut commit, work.batches);
    let mut answers = Vec::with_capacity(work.changes.len());
    for change in work.changes {
        answers.push((change.run)(is_open(&commit).then_some(&mut commit)));
    }
    if work.sweep && is_open(&commit) {
        match commit.alone(sweep::slice) {
            Ok(more) => commit.chores |= more,
            Err(error) => tracing::warn!(%error, "sweeping failed; it is tried again"),
        }
    }
    let (published, sweep_more) = (commit.published, commit.chores);
    let result = begun.map_err(StoreError::from).and_then(|()| finish(desk, last));
    Done { result, answers, recorded, published, sweep_more }
}

/// SQLite ends a transaction by itself on a full disk and the like.
fn is_open(commit: &Commit<'_>) -> bool {
    !commit.db.is_autocommit()
}

/// Records batches until one fails: they become durable in the order of the calls.
fn record(commit: &mut Commit<'_>, batches: &VecDeque<Batch>) -> usize {
    for (n, batch) in batches.iter().enumerate() {
        if !is_open(commit) {
            return n;
        }
        let recorded = commit.alone(|commit| deliveries::record(commit, &batch.settlements, batch.low));
        if let Err(error) = recorded {
            tracing::error!(%error, "settlements could not be recorded; they are tried again");
            (batch.failed)(error.to_string());
            return n;
        }
    }
    batches.len()
}

fn finish(desk: &Desk, last: MessageId) -> Result<(), StoreError> {
    if desk.db.is_autocommit() {
        return Err(StoreError::Unavailable(format!(
            "the transaction was rolled back: is the disk of {} full?",
            desk.path.display()
        )));
    }
    let issued = desk.memory.last_id();
    let kept = if issued == last { Ok(()) } else { keep_last_id(desk, issued) };
    let Err(error) = kept.and_then(|()| execute(&desk.db, "COMMIT")) else { return Ok(()) };
    disk::trust(&desk.path, &error);
    if !desk.db.is_autocommit()
        && let Err(error) = execute(&desk.db, "ROLLBACK")
    {
        tracing::error!(%error, "a failed commit could not be rolled back");
    }
    Err(match StoreError::from(error) {
        StoreError::Unavailable(reason) => {
            StoreError::Unavailable(format!("{}: {reason}", desk.path.display()))
        }
        other => other,
    })
}

fn keep_last_id(desk: &Desk, issued: MessageId) -> rusqlite::Result<()> {
    desk.db
        .prepare_cached("UPDATE log SET last_id = ?2 WHERE id = ?1")?
        .execute(params![desk.log, issued.0])
        .map(drop)
}

fn execute(db: &Connection, sql: &str) -> rusqlite::Result<()> {
    db.prepare_cached(sql)?.execute([]).map(drop)
}
