//! How the subscribers of subscriptions fare: what fails, what is gone, what is disabled for it.

use nuncio_core::{QueueId, SubscriptionId};
use rusqlite::{Connection, params};

use super::{queues, subscriptions};
use crate::storage::{
    Finding, Found, NewTarget, StoreError, Tell, Updated,
    sqlite::{commit::Commit, devices, intake, json, targets},
};

/// A live subscription as its health is judged.
struct Patient {
    queue: QueueId,
    disabled: bool,
    addresses: Vec<String>,
}

/// Subscriptions whose attempts fail, the longest first.
pub(in crate::storage::sqlite) fn failing(
    db: &Connection,
    max: u32,
) -> Result<Vec<(SubscriptionId, i64)>, StoreError> {
    let mut rows = db.prepare_cached(
        "SELECT id, failing FROM subscription WHERE failing > 0 AND state = 0 AND disabled = 0
         ORDER BY failing LIMIT ?1",
    )?;
    let rows = rows.query_map([max], |row| Ok((SubscriptionId(row.get(0)?), row.get(1)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Writes a finding down, and tells of it what is new.
pub(in crate::storage::sqlite) fn found(
    commit: &mut Commit<'_>,
    of: SubscriptionId,
    finding: &Finding,
    at: i64,
    tell: Tell,
) -> Result<Found, StoreError> {
    let Some(patient) = patient(commit.db, of)? else { return Ok(Found::Nothing) };
    let found = match finding {
        Finding::Failing(since) => failing_since(commit.db, of, *since)?,
        Finding::Well => failing_since(commit.db, of, 0)?,
        Finding::Failed { .. } if patient.disabled => Found::Nothing,
        Finding::Failed { why } => disable(commit, of, &patient, at, why)?,
        // It may have been registered anew since it was found gone.
        Finding::Gone { device: Some(device), .. } if devices::lives(commit.db, of, device)? => {
            Found::Nothing
        }
        Finding::Gone { address, why, .. } => gone(commit, of, &patient, address, at, why)?,
    };
    if found != Found::Nothing
        && let Some(post) = tell(found)
    {
        intake::tell(commit, post)?;
    }
    Ok(found)
}

fn patient(db: &Connection, of: SubscriptionId) -> Result<Option<Patient>, StoreError> {
    let addresses = targets::opened("t", "addresses");
    db.prepare_cached(&format!(
        "SELECT s.queue, s.disabled > 0, {addresses} FROM subscription s JOIN target t ON t.id = s.target
         WHERE s.id = ?1 AND s.state = 0"
    ))?
    .query_and_then([of.0], |row| {
        let addresses: String = row.get(2)?;
        let addresses = json::read("addresses", &addresses)?;
        Ok(Patient { queue: QueueId(row.get(0)?), disabled: row.get(1)?, addresses })
    })?
    .next()
    .transpose()
}

fn failing_since(db: &Connection, of: SubscriptionId, since: i64) -> rusqlite::Result<Found> {
    db.prepare_cached("UPDATE subscription SET failing = ?2 WHERE id = ?1")?.execute(params![of.0, since])?;
    Ok(Found::Nothing)
}

fn disable(
    commit: &mut Commit<'_>,
    of: SubscriptionId,
    patient: &Patient,
    at: i64,
    why: &str,
) -> Result<Found, StoreError> {
    commit
        .db
        .prepare_cached("UPDATE subscription SET disabled = ?2, why = ?3 WHERE id = ?1")?
        .execute(params![of.0, at, why])?;
    changed(commit, of, patient.queue)?;
    Ok(Found::Disabled)
}

fn changed(commit: &mut Commit<'_>, of: SubscriptionId, queue: QueueId) -> Result<(), StoreError> {
    commit.published.changed.push(of);
    commit.memory.changed(commit.db, queue, of)
}

fn gone(
    commit: &mut Commit<'_>,
    of: SubscriptionId,
    patient: &Patient,
    address: &str,
    at: i64,
    why: &str,
) -> Result<Found, StoreError> {
    if !patient.addresses.iter().any(|one| one == address) {
        return Ok(Found::Nothing);
    }
    let new = commit
        .db
        .prepare_cached(
            "INSERT OR IGNORE INTO gone (subscription, address, since) VALUES (?1, fingerprint(?2), ?3)",
        )?
        .execute(params![of.0, address, at])?;
    if new == 0 {
        return Ok(Found::Nothing);
    }
    changed(commit, of, patient.queue)?;
    if patient.disabled || !all_gone(commit.db, of, &patient.addresses)? {
        return Ok(Found::Gone);
    }
    disable(commit, of, patient, at, why)
}

fn all_gone(db: &Connection, of: SubscriptionId, addresses: &[String]) -> rusqlite::Result<bool> {
    let mut known =
        db.prepare_cached("SELECT 1 FROM gone WHERE subscription = ?1 AND address = fingerprint(?2)")?;
    for address in addresses {
        if !known.exists(params![of.0, address])? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The subscription is about to lead to `target`: other addresses than before are given a new chance.
pub(super) fn readdressed(
    commit: &Commit<'_>,
    of: SubscriptionId,
    target: &NewTarget,
) -> Result<(), StoreError> {
    let db = commit.db;
    if patient(db, of)?.is_none_or(|patient| patient.addresses == target.addresses) {
        return Ok(());
    }
    db.prepare_cached(
        "DELETE FROM gone WHERE subscription = ?1 AND address NOT IN (SELECT fingerprint(value) FROM json_each(?2))",
    )?
    .execute(params![of.0, json::write("addresses", &target.addresses)?])?;
    if all_gone(db, of, &target.addresses)? { Ok(()) } else { Ok(revive(db, of)?) }
}

fn revive(db: &Connection, of: SubscriptionId) -> rusqlite::Result<()> {
    db.prepare_cached("UPDATE subscription SET disabled = 0, why = '', failing = 0 WHERE id = ?1")?
        .execute([of.0])
        .map(drop)
}

/// Matches a subscription again, with all its addresses.
pub(in crate::storage::sqlite) fn enable(
    commit: &mut Commit<'_>,
    project: &str,
    queue: &str,
    id: SubscriptionId,
) -> Result<Updated, StoreError> {
    let Some(queue_id) = queues::find(commit.db, project, queue)? else { return Ok(Updated::Absent) };
    if subscriptions::read(commit.db, project, queue, id, commit.now)?.is_none() {
        return Ok(Updated::Absent);
    }
    begin_anew(commit, id, queue_id)?;
    Ok(Updated::Done)
}

/// What a live subscription leads to can be reached again.
pub(in crate::storage::sqlite) fn reachable(
    commit: &mut Commit<'_>,
    id: SubscriptionId,
) -> Result<(), StoreError> {
    match patient(commit.db, id)? {
        Some(patient) => begin_anew(commit, id, patient.queue),
        None => Ok(()),
    }
}

fn begin_anew(commit: &mut Commit<'_>, id: SubscriptionId, queue: QueueId) -> Result<(), StoreError> {
    commit.db.prepare_cached("DELETE FROM gone WHERE subscription = ?1")?.execute([id.0])?;
    revive(commit.db, id)?;
    changed(commit, id, queue)
}
