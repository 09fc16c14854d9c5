//! Changing a subscription, and moving its backlog to where it leads now.

use nuncio_core::{LaneId, ProjectId, SubscriptionId};
use rusqlite::params;

use super::{consent, health, queues, subscriptions};
use crate::storage::{
    NewTarget, StoreError, SubscriptionChange, Updated,
    sqlite::{commit::Commit, targets},
};

/// Changes a subscription. Any change restarts its age.
pub(in crate::storage::sqlite) fn apply(
    commit: &mut Commit<'_>,
    project: &str,
    queue: &str,
    id: SubscriptionId,
    change: &SubscriptionChange,
) -> Result<Updated, StoreError> {
    let Some(queue_id) = queues::find(commit.db, project, queue)? else { return Ok(Updated::Absent) };
    let Some(row) = subscriptions::read(commit.db, project, queue, id, commit.now)? else {
        return Ok(Updated::Absent);
    };
    if let Some((uri_key, target)) = &change.target {
        if subscriptions::stands_in_the_way(commit, queue_id, uri_key, id)? {
            return Ok(Updated::Conflict);
        }
        subscriptions::room_for_filter(commit, queue_id, id, target)?;
        let before = consent::before(commit, id)?;
        let project = aim(commit, id, uri_key, target)?;
        consent::readdressed(commit, project, id, &before, change.asking.as_ref())?;
    }
    let ttl = change.ttl.unwrap_or(row.ttl);
    commit
        .db
        .prepare_cached("UPDATE subscription SET ttl = ?2, since = ?3, expires = ?4 WHERE id = ?1")?
        .execute(params![id.0, ttl, commit.now, subscriptions::expiry(commit.now, ttl)])?;
    commit.memory.changed(commit.db, queue_id, id)?;
    commit.published.changed.push(id);
    Ok(Updated::Done)
}

fn aim(
    commit: &mut Commit<'_>,
    id: SubscriptionId,
    uri_key: &str,
    target: &NewTarget,
) -> Result<ProjectId, StoreError> {
    let (project, old, single) = commit
        .db
        .prepare_cached(
            "SELECT s.project, t.lane, t.recipients = 1 FROM subscription s JOIN target t ON t.id = s.target
             WHERE s.id = ?1",
        )?
        .query_row([id.0], |row| Ok((ProjectId(row.get(0)?), LaneId(row.get(1)?), row.get::<_, bool>(2)?)))?;
    let (newest, lane) = targets::add(commit, project, id, target)?;
    health::readdressed(commit, id, target)?;
    commit
        .db
        .prepare_cached("UPDATE subscription SET uri_key = fingerprint(?2) WHERE id = ?1")?
        .execute(params![id.0, uri_key])?;
    subscriptions::aim(commit.db, id, newest)?;
    // One address for one address: a mended URL rescues what waits. Of several nobody can say which became which.
    if single && target.addresses.len() == 1 && lane != old {
        commit
            .db
            .prepare_cached("UPDATE subscription SET moving = ?2 WHERE id = ?1")?
            .execute(params![id.0, old.0])?;
        commit.chores = true;
    }
    Ok(project)
}
