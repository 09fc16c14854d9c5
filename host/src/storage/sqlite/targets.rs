//! Projects, lanes and targets: made when they are first named.

use nuncio_core::{LaneId, ProjectId, SubscriptionId, TargetId};
use rusqlite::{Connection, OptionalExtension, params};

use super::{commit::Commit, json};
use crate::storage::{LaneRow, NewTarget, StoreError};

/// A project that is there.
pub(super) fn project(db: &Connection, name: &str) -> rusqlite::Result<Option<ProjectId>> {
    db.prepare_cached("SELECT id FROM project WHERE name = ?1")?
        .query_row([name], |row| row.get(0).map(ProjectId))
        .optional()
}

/// A project, made if need be.
pub(super) fn ensure_project(db: &Connection, name: &str) -> rusqlite::Result<ProjectId> {
    if let Some(known) = project(db, name)? {
        return Ok(known);
    }
    db.prepare_cached("INSERT INTO project (name) VALUES (?1)")?.execute([name])?;
    Ok(ProjectId(db.last_insert_rowid()))
}

/// Stores a target; its lane is made if need be, and published then.
pub(super) fn add(
    commit: &mut Commit<'_>,
    project: ProjectId,
    subscription: SubscriptionId,
    new: &NewTarget,
) -> Result<(TargetId, LaneId), StoreError> {
    let lane = ensure_lane(commit, project, new)?;
    commit
        .db
        .prepare_cached(
            "INSERT INTO target (subscription, project, driver, lane, uri, redacted, recipients, addresses,
             options, born) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
        )?
        .execute(params![
            subscription.0,
            project.0,
            new.driver,
            lane.0,
            new.uri,
            new.redacted,
            recipients(new),
            json::write("addresses", &new.addresses)?,
            json::write("options", &new.options)?,
            commit.now,
        ])?;
    Ok((TargetId(commit.db.last_insert_rowid()), lane))
}

/// How many recipients a target has.
pub(super) fn recipients(target: &NewTarget) -> u32 {
    u32::try_from(target.addresses.len()).unwrap_or(u32::MAX)
}

fn ensure_lane(commit: &mut Commit<'_>, project: ProjectId, target: &NewTarget) -> rusqlite::Result<LaneId> {
    let NewTarget { driver, destination, lane_key: key, .. } = target;
    let known = commit
        .db
        .prepare_cached(
            "SELECT id FROM lane WHERE project = ?1 AND driver = ?2 AND destination = ?3 AND key = ?4",
        )?
        .query_row(params![project.0, driver, destination, key], |row| row.get(0).map(LaneId))
        .optional()?;
    if let Some(known) = known {
        return Ok(known);
    }
    commit
        .db
        .prepare_cached("INSERT INTO lane (project, driver, destination, key) VALUES (?1, ?2, ?3, ?4)")?
        .execute(params![project.0, driver, destination, key])?;
    let id = LaneId(commit.db.last_insert_rowid());
    let row = LaneRow { id, project, driver: driver.clone(), destination: destination.clone() };
    commit.published.lanes.push(row);
    Ok(id)
}
