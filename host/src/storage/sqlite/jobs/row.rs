//! Jobs as rows: begun, read, carried on, stopped, forgotten.

use nuncio_core::{DeliveryKey, MessageId};
use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::storage::{
    Begun, JobId, JobRow, JobState, NewJob, Progress, StoreError, Verb,
    sqlite::{commit::Commit, json, targets},
};

/// The configuration key that bounds the jobs of a project.
const MOST: &str = "[jobs] max_running";

/// Jobs that one slice of sweeping forgets.
const FORGOTTEN: u32 = 1000;

/// Begins a job, or answers the one that was begun with its key.
pub(super) fn begin(commit: &mut Commit<'_>, new: &NewJob) -> Result<Begun, StoreError> {
    commit.room()?;
    let project = targets::ensure_project(commit.db, &new.project)?;
    if let Some(key) = &new.key
        && let Some(job) = with_key(commit.db, project.0, &key.key)?
    {
        return if fingerprint(commit.db, job.number)? == key.fingerprint {
            Ok(Begun { job, repeated: true })
        } else {
            Err(StoreError::KeyReused)
        };
    }
    let running: i64 = commit
        .db
        .prepare_cached("SELECT count(*) FROM job WHERE state = 0 AND project = ?1")?
        .query_row([project.0], |row| row.get(0))?;
    if running.unsigned_abs() >= new.most {
        return Err(StoreError::Full { limit: MOST, value: new.most });
    }
    let (key, print) = match &new.key {
        Some(key) => (key.key.as_str(), key.fingerprint.as_slice()),
        None => ("", &[][..]),
    };
    commit
        .db
        .prepare_cached(
            "INSERT INTO job (id, project, verb, filter, key, fingerprint, state, created, ended, newest,
             cursor_message, cursor_idx, slice, total, looked, done, in_flight, skipped_ended, skipped_changed)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, 0, ?7, 0, ?8, 0, 0, x'', ?9, 0, 0, 0, 0, 0)",
        )?
        .execute(params![
            new.id.to_string(),
            project.0,
            new.verb as u8,
            json::write("filter", &new.filter)?,
            key,
            print,
            commit.now,
            commit.memory.last_id().0,
            signed(new.total),
        ])?;
    let job = with_number(commit.db, commit.db.last_insert_rowid())?;
    job.map(|job| Begun { job, repeated: false })
        .ok_or_else(|| StoreError::Corrupt("a job that was just begun is not there".into()))
}

/// Writes how far a job is.
pub(super) fn put(commit: &Commit<'_>, job: &JobRow) -> Result<(), StoreError> {
    let progress = &job.progress;
    commit
        .db
        .prepare_cached(
            "UPDATE job SET state = ?2, ended = ?3, cursor_message = ?4, cursor_idx = ?5, slice = ?6, looked = ?7,
             done = ?8, in_flight = ?9, skipped_ended = ?10, skipped_changed = ?11 WHERE number = ?1",
        )?
        .execute(params![
            job.number,
            job.state as u8,
            job.ended,
            job.cursor.message.0,
            job.cursor.idx,
            packed(&job.slice),
            signed(progress.looked),
            signed(progress.done),
            signed(progress.in_flight),
            signed(progress.ended),
            signed(progress.changed),
        ])?;
    Ok(())
}

/// Stops a job that runs.
pub(super) fn stop(commit: &Commit<'_>, project: &str, id: JobId) -> Result<Option<JobRow>, StoreError> {
    let Some(job) = of_project(commit.db, project, id)? else { return Ok(None) };
    if job.state != JobState::Running {
        return Ok(Some(job));
    }
    let stopped = JobRow { state: JobState::Stopped, ended: commit.now, ..job };
    put(commit, &stopped)?;
    Ok(Some(stopped))
}

/// Forgets jobs that ended long ago; whether there are more.
pub(in crate::storage::sqlite) fn forget(commit: &Commit<'_>) -> Result<bool, StoreError> {
    let keep = i64::try_from(commit.limits.keep_jobs.as_millis()).unwrap_or(i64::MAX);
    let forgotten = commit
        .db
        .prepare_cached(
            "DELETE FROM job WHERE number IN (
                SELECT number FROM job WHERE state > 0 AND ended <= ?1 LIMIT ?2)",
        )?
        .execute(params![commit.now.saturating_sub(keep), FORGOTTEN])?;
    Ok(forgotten >= FORGOTTEN as usize)
}

const COLUMNS: &str =
    "SELECT j.number, j.id, p.name, j.verb, j.filter, j.state, j.created, j.ended, j.newest, j.cursor_message,
     j.cursor_idx, j.slice, j.total, j.looked, j.done, j.in_flight, j.skipped_ended, j.skipped_changed
     FROM job j JOIN project p ON p.id = j.project";

pub(super) fn with_number(db: &Connection, number: i64) -> Result<Option<JobRow>, StoreError> {
    one(db, "WHERE j.number = ?1", params![number])
}

pub(super) fn of_project(db: &Connection, project: &str, id: JobId) -> Result<Option<JobRow>, StoreError> {
    one(db, "WHERE j.id = ?1 AND p.name = ?2", params![id.to_string(), project])
}

fn with_key(db: &Connection, project: i64, key: &str) -> Result<Option<JobRow>, StoreError> {
    one(db, "WHERE j.project = ?1 AND j.key = ?2 AND j.key <> ''", params![project, key])
}

/// Jobs of a project before number `before`, newest first.
pub(super) fn list(
    db: &Connection,
    project: &str,
    before: i64,
    limit: u32,
) -> Result<Vec<JobRow>, StoreError> {
    let Some(project) = targets::project(db, project)? else { return Ok(Vec::new()) };
    let rest = "WHERE j.project = ?1 AND j.number < ?2 ORDER BY j.number DESC LIMIT ?3";
    all(db, rest, params![project.0, before, limit])
}

/// All that run, oldest first; one that cannot be read is said and left out.
pub(super) fn running(db: &Connection) -> Result<Vec<JobRow>, StoreError> {
    db.prepare_cached(&format!("{COLUMNS} WHERE j.state = 0 ORDER BY j.number"))?
        .query_and_then([], read)?
        .filter(|job| !matches!(job, Err(StoreError::Corrupt(why)) if said(why)))
        .collect()
}

fn said(why: &str) -> bool {
    tracing::error!(why, "a job cannot be carried on");
    true
}

fn one(db: &Connection, rest: &str, values: &[&dyn rusqlite::ToSql]) -> Result<Option<JobRow>, StoreError> {
    Ok(all(db, rest, values)?.pop())
}

fn all(db: &Connection, rest: &str, values: &[&dyn rusqlite::ToSql]) -> Result<Vec<JobRow>, StoreError> {
    db.prepare_cached(&format!("{COLUMNS} {rest}"))?.query_and_then(values, read)?.collect()
}

fn fingerprint(db: &Connection, number: i64) -> rusqlite::Result<Vec<u8>> {
    db.prepare_cached("SELECT fingerprint FROM job WHERE number = ?1")?
        .query_row([number], |row| row.get(0))
        .optional()
        .map(Option::unwrap_or_default)
}

fn signed(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

fn count(row: &Row<'_>, column: usize) -> rusqlite::Result<u64> {
    row.get(column).map(i64::unsigned_abs)
}

fn read(row: &Row<'_>) -> Result<JobRow, StoreError> {
    let (id, filter): (String, String) = (row.get(1)?, row.get(4)?);
    let (verb, state): (u8, u8) = (row.get(3)?, row.get(5)?);
    let wrong = |what: &str| StoreError::Corrupt(format!("job {id}: its {what} is not known"));
    Ok(JobRow {
        number: row.get(0)?,
        id: id.parse().map_err(|_| wrong("id"))?,
        project: row.get(2)?,
        verb: Verb::ALL.into_iter().find(|one| *one as u8 == verb).ok_or_else(|| wrong("verb"))?,
        filter: json::read("job.filter", &filter)?,
        state: JobState::ALL.into_iter().find(|one| *one as u8 == state).ok_or_else(|| wrong("state"))?,
        created: row.get(6)?,
        ended: row.get(7)?,
        newest: MessageId(row.get(8)?),
        cursor: DeliveryKey::new(MessageId(row.get(9)?), row.get(10)?),
        slice: unpacked(row.get_ref(11)?.as_blob().unwrap_or_default()).ok_or_else(|| wrong("slice"))?,
        total: count(row, 12)?,
        progress: Progress {
            looked: count(row, 13)?,
            done: count(row, 14)?,
            in_flight: count(row, 15)?,
            ended: count(row, 16)?,
            changed: count(row, 17)?,
        },
    })
}

/// The first byte of a stored slice.
const FORMAT: u8 = 1;

fn packed(keys: &[DeliveryKey]) -> Vec<u8> {
    if keys.is_empty() {
        return Vec::new();
    }
    let mut bytes = Vec::with_capacity(1 + keys.len() * 12);
    bytes.push(FORMAT);
    for key in keys {
        bytes.extend(key.message.0.to_le_bytes());
        bytes.extend(key.idx.to_le_bytes());
    }
    bytes
}

fn unpacked(bytes: &[u8]) -> Option<Vec<DeliveryKey>> {
    let Some((format, entries)) = bytes.split_first() else { return Some(Vec::new()) };
    let (entries, rest) = entries.as_chunks::<12>();
    if *format != FORMAT || !rest.is_empty() {
        return None;
    }
    let key = |entry: &[u8; 12]| {
        let (message, idx) = entry.split_first_chunk::<8>()?;
        let idx = idx.first_chunk::<4>()?;
        Some(DeliveryKey::new(MessageId(i64::from_le_bytes(*message)), u32::from_le_bytes(*idx)))
    };
    entries.iter().map(key).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_slice_is_read_as_it_was_written(keys in prop::collection::vec((any::<i64>(), any::<u32>()), 0..9)) {
            let keys: Vec<_> = keys.into_iter().map(|(id, idx)| DeliveryKey::new(MessageId(id), idx)).collect();
            prop_assert_eq!(unpacked(&packed(&keys)), Some(keys));
        }

        #[test]
        fn any_bytes_are_a_slice_or_none(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
            let sound = bytes.is_empty() || (bytes[0] == FORMAT && bytes.len() % 12 == 1);
            prop_assert_eq!(unpacked(&bytes).is_some(), sound);
        }
    }
}
