//! Projects, lanes and targets: made when they are first named.

use nuncio_core::{LaneId, LaneRules, ProjectId, SubscriptionId, TargetId, filter::Filter};
use rusqlite::{Connection, OptionalExtension, params};
use serde_json::{Map, Value};

use super::{commit::Commit, json};
use crate::storage::{LaneRow, NewTarget, StoreError, own_destination};

/// A project that is there.
pub(super) fn project(db: &Connection, name: &str) -> rusqlite::Result<Option<ProjectId>> {
    db.prepare_cached("SELECT id FROM project WHERE name = ?1")?
        .query_row([name], |row| row.get(0).map(ProjectId))
        .optional()
}

/// The name of a project.
pub(super) fn project_name(db: &Connection, id: ProjectId) -> rusqlite::Result<Option<String>> {
    db.prepare_cached("SELECT name FROM project WHERE id = ?1")?
        .query_row([id.0], |row| row.get(0))
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
    let lane = ensure_lane(commit, project, subscription, new)?;
    commit
        .db
        .prepare_cached(
            "INSERT INTO target (subscription, project, driver, lane, uri, redacted, recipients, addresses,
             options, filter, born)
             VALUES (?1, ?2, ?3, ?4, sealed(?5, 'uri ' || ?2 || ' ' || ?1), ?6, ?7,
             sealed(?8, 'addresses ' || ?2 || ' ' || ?1), sealed(?9, 'options ' || ?2 || ' ' || ?1), ?10, ?11)",
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
            Filter::text(&new.options),
            commit.now,
        ])?;
    Ok((TargetId(commit.db.last_insert_rowid()), lane))
}

/// SQL that reads a `column` of the target `alias` that is sealed.
pub(super) fn opened(alias: &str, column: &str) -> String {
    format!("unsealed({alias}.{column}, '{column} ' || {alias}.project || ' ' || {alias}.subscription)")
}

/// Stores a target that asks those to whom a subscription leads: nothing that changes later changes it. It goes with
/// its message.
pub(super) fn add_frozen(
    commit: &mut Commit<'_>,
    project: ProjectId,
    subscription: SubscriptionId,
    new: &NewTarget,
) -> Result<(TargetId, LaneId), StoreError> {
    let (target, lane) = add(commit, project, subscription, new)?;
    commit
        .db
        .prepare_cached("UPDATE target SET frozen = 1, retired = 1 WHERE id = ?1")?
        .execute([target.0])?;
    Ok((target, lane))
}

/// How many recipients a target has.
pub(super) fn recipients(target: &NewTarget) -> u32 {
    u32::try_from(target.addresses.len()).unwrap_or(u32::MAX)
}

/// The rules of a lane as they are stored.
pub(super) fn rules(stored: &str) -> Result<LaneRules, StoreError> {
    if stored.is_empty() {
        return Ok(LaneRules::default());
    }
    let options: Map<String, Value> = json::read("rules of a lane", stored)?;
    LaneRules::parse(&options).map_err(|refusal| StoreError::Corrupt(format!("rules of a lane: {refusal}")))
}

fn ensure_lane(
    commit: &mut Commit<'_>,
    project: ProjectId,
    subscription: SubscriptionId,
    target: &NewTarget,
) -> Result<LaneId, StoreError> {
    let own;
    let target = if target.destination.is_empty() && subscription != SubscriptionId::NONE {
        own = NewTarget { destination: own_destination(subscription), ..target.clone() };
        &own
    } else {
        target
    };
    if subscription != SubscriptionId::NONE && !target.rules.is_empty() {
        return ensure_own_lane(commit, project, subscription, target);
    }
    let known = commit
        .db
        .prepare_cached(
            "SELECT id FROM lane WHERE project = ?1 AND driver = ?2 AND destination = ?3 AND key = ?4",
        )?
        .query_row(params![project.0, target.driver, target.destination, target.lane_key], |row| {
            row.get(0).map(LaneId)
        })
        .optional()?;
    match known {
        Some(known) => Ok(known),
        None => make_lane(commit, project, target, &target.lane_key, LaneRules::default()),
    }
}

/// A subscription has one lane of its own at most. It goes where its subscription goes, so that what waits in it
/// stays in its order.
fn ensure_own_lane(
    commit: &mut Commit<'_>,
    project: ProjectId,
    subscription: SubscriptionId,
    target: &NewTarget,
) -> Result<LaneId, StoreError> {
    let key = format!("subscription {subscription}");
    let known = commit
        .db
        .prepare_cached(
            "SELECT l.id FROM target t JOIN lane l ON l.id = t.lane WHERE t.subscription = ?1 AND l.key = ?2
             LIMIT 1",
        )?
        .query_row(params![subscription.0, key], |row| row.get(0).map(LaneId))
        .optional()?;
    let Some(id) = known else { return make_lane(commit, project, target, &key, target.rules.clone()) };
    let changed = commit
        .db
        .prepare_cached(
            "UPDATE lane SET driver = ?2, destination = ?3, rules = ?4
             WHERE id = ?1 AND (driver, destination, rules) <> (?2, ?3, ?4)",
        )?
        .execute(params![id.0, target.driver, target.destination, written(&target.rules)?])?;
    if changed > 0 {
        publish(commit, id, project, target, target.rules.clone());
    }
    Ok(id)
}

fn make_lane(
    commit: &mut Commit<'_>,
    project: ProjectId,
    target: &NewTarget,
    key: &str,
    rules: LaneRules,
) -> Result<LaneId, StoreError> {
    commit
        .db
        .prepare_cached(
            "INSERT INTO lane (project, driver, destination, key, rules) VALUES (?1, ?2, ?3, ?4, ?5)",
        )?
        .execute(params![project.0, target.driver, target.destination, key, written(&rules)?])?;
    let id = LaneId(commit.db.last_insert_rowid());
    publish(commit, id, project, target, rules);
    Ok(id)
}

fn publish(commit: &mut Commit<'_>, id: LaneId, project: ProjectId, target: &NewTarget, rules: LaneRules) {
    let (driver, destination) = (target.driver.clone(), target.destination.clone());
    commit.published.lanes.push(LaneRow { id, project, driver, destination, rules });
}

fn written(rules: &LaneRules) -> Result<String, StoreError> {
    if rules.is_empty() { Ok(String::new()) } else { json::write("rules of a lane", &rules.to_json()) }
}
