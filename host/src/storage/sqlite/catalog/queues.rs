//! Queues.

use nuncio_core::{ProjectId, QueueId, SubscriptionId};
use rusqlite::{Connection, OptionalExtension, Row, params};
use serde_json::{Map, Value};

use crate::storage::{
    Purge, QueueRow, StoreError, Updated,
    sqlite::{commit::Commit, json, memory::Place, targets, usage},
};

/// The id of a live queue.
pub(in crate::storage::sqlite) fn find(
    db: &Connection,
    project: &str,
    name: &str,
) -> rusqlite::Result<Option<QueueId>> {
    let Some(project) = targets::project(db, project)? else { return Ok(None) };
    db.prepare_cached("SELECT id FROM queue WHERE project = ?1 AND name = ?2 AND deleted = 0")?
        .query_row(params![project.0, name], |row| row.get(0).map(QueueId))
        .optional()
}

fn find_in(db: &Connection, project: ProjectId, name: &str) -> rusqlite::Result<Option<Place>> {
    db.prepare_cached(
        "SELECT id, coalesce(metadata ->> '$._enable_encrypt_messages', 0) = 1 FROM queue
         WHERE project = ?1 AND name = ?2 AND deleted = 0",
    )?
    .query_row(params![project.0, name], |row| {
        Ok(Place { project, queue: QueueId(row.get(0)?), sealed: row.get(1)? })
    })
    .optional()
}

/// A live queue and its project, both made if need be.
pub(in crate::storage::sqlite) fn ensure(
    commit: &mut Commit<'_>,
    project: &str,
    name: &str,
) -> Result<Place, StoreError> {
    if let Some(known) = known(commit, project, name)? {
        return Ok(known);
    }
    usage::room_for_queue(commit, project)?;
    let id = targets::ensure_project(commit.db, project)?;
    let queue = add(commit, id, name, &Map::new())?;
    let place = Place { project: id, queue, sealed: false };
    commit.memory.placed(project, name, place);
    Ok(place)
}

/// A live queue and its project, as the writer remembers them or finds them.
pub(in crate::storage::sqlite) fn known(
    commit: &mut Commit<'_>,
    project: &str,
    name: &str,
) -> Result<Option<Place>, StoreError> {
    if let Some(known) = commit.memory.place(project, name) {
        return Ok(Some(known));
    }
    let Some(id) = targets::project(commit.db, project)? else { return Ok(None) };
    let Some(place) = find_in(commit.db, id, name)? else { return Ok(None) };
    commit.memory.placed(project, name, place);
    Ok(Some(place))
}

fn add(
    commit: &Commit<'_>,
    project: ProjectId,
    name: &str,
    metadata: &Map<String, Value>,
) -> Result<QueueId, StoreError> {
    commit
        .db
        .prepare_cached(
            "INSERT INTO queue (project, name, metadata, version, floor, deleted, sweep)
             VALUES (?1, ?2, ?3, 1, 0, 0, 0)",
        )?
        .execute(params![project.0, name, json::write("queue metadata", metadata)?])?;
    Ok(QueueId(commit.db.last_insert_rowid()))
}

/// Makes a queue; `false` when it was there.
pub(in crate::storage::sqlite) fn put(
    commit: &mut Commit<'_>,
    project: &str,
    name: &str,
    metadata: &Map<String, Value>,
) -> Result<bool, StoreError> {
    let (owner, project) = (project, targets::ensure_project(commit.db, project)?);
    if find_in(commit.db, project, name)?.is_some() {
        return Ok(false);
    }
    usage::room_for_queue(commit, owner)?;
    add(commit, project, name, metadata)?;
    Ok(true)
}

/// A live queue.
pub(in crate::storage::sqlite) fn read(
    db: &Connection,
    project: &str,
    name: &str,
) -> Result<Option<QueueRow>, StoreError> {
    let Some(project) = targets::project(db, project)? else { return Ok(None) };
    db.prepare_cached(
        "SELECT id, name, metadata, version FROM queue WHERE project = ?1 AND name = ?2 AND deleted = 0",
    )?
    .query_and_then(params![project.0, name], queue_row)?
    .next()
    .transpose()
}

/// Live queues by name after `marker`.
pub(in crate::storage::sqlite) fn list(
    db: &Connection,
    project: &str,
    marker: &str,
    limit: u32,
) -> Result<Vec<QueueRow>, StoreError> {
    let Some(project) = targets::project(db, project)? else { return Ok(Vec::new()) };
    db.prepare_cached(
        "SELECT id, name, metadata, version FROM queue
         WHERE project = ?1 AND name > ?2 AND deleted = 0 ORDER BY name LIMIT ?3",
    )?
    .query_and_then(params![project.0, marker, limit], queue_row)?
    .collect()
}

fn queue_row(row: &Row<'_>) -> Result<QueueRow, StoreError> {
    let metadata: String = row.get(2)?;
    Ok(QueueRow {
        id: QueueId(row.get(0)?),
        name: row.get(1)?,
        metadata: json::read("queue metadata", &metadata)?,
        version: row.get(3)?,
    })
}

/// Replaces the metadata of a queue that still has `version`.
pub(in crate::storage::sqlite) fn set_metadata(
    commit: &mut Commit<'_>,
    project: &str,
    name: &str,
    version: i64,
    metadata: &Map<String, Value>,
) -> Result<Updated, StoreError> {
    let Some(id) = find(commit.db, project, name)? else { return Ok(Updated::Absent) };
    let changed = commit
        .db
        .prepare_cached(
            "UPDATE queue SET metadata = ?3, version = version + 1 WHERE id = ?1 AND version = ?2",
        )?
        .execute(params![id.0, version, json::write("queue metadata", metadata)?])?;
    if changed == 0 {
        return Ok(Updated::Conflict);
    }
    commit.memory.renamed();
    commit.published.queues.push(id);
    Ok(Updated::Done)
}

/// Deletes a queue: it is gone at once, its rows go in slices.
pub(in crate::storage::sqlite) fn delete(
    commit: &mut Commit<'_>,
    project: &str,
    name: &str,
) -> Result<(), StoreError> {
    let Some(id) = find(commit.db, project, name)? else { return Ok(()) };
    empty(commit, id)?;
    end_subscriptions(commit, id)?;
    commit.db.prepare_cached("UPDATE queue SET deleted = 1 WHERE id = ?1")?.execute([id.0])?;
    commit.memory.renamed();
    commit.published.queues.push(id);
    Ok(())
}

/// Empties a queue.
pub(in crate::storage::sqlite) fn purge(
    commit: &mut Commit<'_>,
    project: &str,
    name: &str,
    what: Purge,
) -> Result<(), StoreError> {
    let Some(id) = find(commit.db, project, name)? else { return Ok(()) };
    if what.messages {
        empty(commit, id)?;
    }
    if what.subscriptions {
        end_subscriptions(commit, id)?;
    }
    Ok(())
}

fn empty(commit: &mut Commit<'_>, id: QueueId) -> Result<(), StoreError> {
    let floor = commit.memory.last_id();
    commit
        .db
        .prepare_cached("UPDATE queue SET floor = ?2, sweep = 1 WHERE id = ?1")?
        .execute(params![id.0, floor.0])?;
    commit.chores = true;
    Ok(())
}

fn end_subscriptions(commit: &mut Commit<'_>, id: QueueId) -> Result<(), StoreError> {
    let ended: Vec<_> = commit
        .db
        .prepare_cached("UPDATE subscription SET state = 2 WHERE queue = ?1 AND state < 2 RETURNING id")?
        .query_map([id.0], |row| row.get(0).map(SubscriptionId))?
        .collect::<Result<_, _>>()?;
    commit.published.changed.extend(ended);
    commit.memory.resubscribed(id);
    Ok(())
}
