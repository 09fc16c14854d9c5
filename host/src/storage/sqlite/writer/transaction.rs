//! One transaction: settlements first, then what clients asked, then a slice of sweeping.

use std::collections::VecDeque;

use nuncio_core::MessageId;
use rusqlite::Connection;

use super::{
    disk,
    handle::{Answer, Batch, Change},
    thread::Desk,
};
use crate::storage::{
    Committed, StoreError, Tally,
    sqlite::{commit::Commit, deliveries, sweep, tally, turned},
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
    let (latest, now) = (desk.latest, desk.clock.now_ms());
    desk.turned |= turned::set_back(latest, now);
    let last = desk.memory.last_id();
    let mut commit = Commit {
        db: &desk.db,
        sealer: &desk.sealer,
        now,
        log: desk.log,
        limits: &desk.limits,
        memory: &mut desk.memory,
        marks: &mut desk.marks,
        tally: Tally::default(),
        lost: None,
        published: Committed::default(),
        chores: false,
    };
    let recorded = record(&mut commit, work.batches);
    let followed = !desk.turned || follow_clock(&mut commit, latest, work.sweep);
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
    let Commit { published, chores: sweep_more, tally, lost, .. } = commit;
    let result =
        begun.map_err(|error| fatal(desk, error)).and_then(|()| finish(desk, last, tally, lost, now));
    if result.is_ok() {
        desk.marks.committed(tally);
        desk.latest = if followed { now } else { latest };
    }
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
        let recorded =
            commit.alone(|commit| deliveries::record(commit, &batch.settlements, &batch.sent, batch.low));
        if let Err(error) = recorded {
            tracing::error!(%error, "settlements could not be recorded; they are tried again");
            (batch.failed)(error.to_string());
            commit.marks.unrecorded(&error);
            return n;
        }
    }
    if !batches.is_empty() {
        commit.marks.damage.mended();
    }
    batches.len()
}

/// What waits follows a clock that was set back since it said `latest`. From then on each sweep tells the engine again
/// when its lanes are due: what it had in memory at that moment may have come to lie at the old time. Says whether
/// that was done.
fn follow_clock(commit: &mut Commit<'_>, latest: i64, sweep: bool) -> bool {
    let now = commit.now;
    let followed = match (is_open(commit), turned::set_back(latest, now)) {
        (false, _) => return false,
        (true, true) => commit.alone(|commit| turned::follow(commit, latest)),
        (true, false) if sweep => commit.alone(turned::announce),
        (true, false) => return true,
    };
    followed.inspect_err(|error| tracing::warn!(%error, "due times do not follow the clock yet")).is_ok()
}

fn finish(
    desk: &Desk,
    last: MessageId,
    tally: Tally,
    lost: Option<StoreError>,
    now: i64,
) -> Result<(), StoreError> {
    if desk.db.is_autocommit() {
        let unknown = || StoreError::Unavailable("the transaction was rolled back".into());
        return Err(lost.unwrap_or_else(unknown));
    }
    let issued = desk.memory.last_id();
    let changed = issued != last || tally != Tally::default();
    let kept = if changed { tally::add(&desk.db, desk.log, tally, issued, now) } else { Ok(()) };
    let Err(error) = kept.and_then(|()| execute(&desk.db, "COMMIT")) else { return Ok(()) };
    let error = fatal(desk, error);
    if !desk.db.is_autocommit()
        && let Err(error) = execute(&desk.db, "ROLLBACK")
    {
        tracing::error!(%error, "a failed commit could not be rolled back");
    }
    Err(error)
}

/// What an error of the transaction as a whole means; with some the process ends.
fn fatal(desk: &Desk, error: rusqlite::Error) -> StoreError {
    disk::trust(&desk.path, &error);
    match StoreError::from(error) {
        StoreError::Unavailable(reason) => {
            StoreError::Unavailable(format!("{}: {reason}", desk.path.display()))
        }
        other => other,
    }
}

fn execute(db: &Connection, sql: &str) -> rusqlite::Result<()> {
    db.prepare_cached(sql)?.execute([]).map(drop)
}
