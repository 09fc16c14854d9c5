//! Devices: their addresses and keys are sealed, and wiped when they end.

use std::path::Path;

use async_trait::async_trait;
use nuncio_core::{ProjectId, SubscriptionId, wire::Device};
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::{
    catalog::health,
    commit::Commit,
    connection,
    error::OpenError,
    intake, json,
    sealing::{self, Keyring, SealingKey},
    store::Sqlite,
    targets, usage,
};
use crate::storage::{DeviceRow, Devices, EndedDevice, Lost, LostDevice, StoreError, Telling};

/// Of a fingerprint, so much is shown.
const PRINT: usize = 12;
/// How long it is remembered that a device has ended, and why, milliseconds: 30 days.
const REMEMBERED: i64 = 30 * 86_400_000;

#[async_trait]
impl Devices for Sqlite {
    async fn device_put(&self, project: &str, device: Device) -> Result<bool, StoreError> {
        let project = project.to_owned();
        self.writer.change(0, move |commit| put(commit, &project, &device)).await
    }

    async fn device(&self, project: &str, id: &str) -> Result<Option<DeviceRow>, StoreError> {
        let (project, id) = (project.to_owned(), id.to_owned());
        self.readers.read(move |db| one(db, &project, &id)).await
    }

    async fn devices(&self, project: &str, marker: &str, limit: u32) -> Result<Vec<DeviceRow>, StoreError> {
        let (project, marker) = (project.to_owned(), marker.to_owned());
        self.readers.read(move |db| list(db, &project, &marker, limit)).await
    }

    async fn device_remove(&self, project: &str, id: &str) -> Result<bool, StoreError> {
        let (project, id) = (project.to_owned(), id.to_owned());
        self.writer.change(0, move |commit| remove(commit, &project, &id)).await
    }

    async fn device_lost(&self, project: &str, lost: Lost, tell: Telling) -> Result<LostDevice, StoreError> {
        let project = project.to_owned();
        self.writer.change(0, move |commit| end(commit, &project, &lost, tell)).await
    }
}

/// A device in the database at `path`, which a host may have open.
///
/// # Errors
/// Why it cannot be read.
pub fn device(
    path: &Path,
    key: Option<&SealingKey>,
    project: &str,
    id: &str,
) -> Result<Option<DeviceRow>, String> {
    if !path.exists() {
        return Err(format!("there is no database at {}, and so no device", path.display()));
    }
    let opened = || -> Result<Connection, OpenError> {
        let db = connection::reader(path).map_err(|source| connection::refused(path, source))?;
        connection::recognise(&db, path)?;
        let keyring = Keyring::find(&db, path, key)?;
        sealing::install(&db, &keyring.sealer).map_err(|source| connection::refused(path, source))?;
        Ok(db)
    };
    let db = opened().map_err(|error| error.to_string())?;
    one(&db, project, id).map_err(|error| error.to_string())
}

const COLUMNS: &str = "SELECT id, scheme, account, unsealed(address, 'device ' || project || ' ' || id),
     unsealed(keys, 'device keys ' || project || ' ' || id), attributes, print, registered, ended, why FROM device";

fn read(row: &Row<'_>) -> Result<DeviceRow, StoreError> {
    let (keys, attributes, print): (String, String, String) = (row.get(4)?, row.get(5)?, row.get(6)?);
    let mut device = Device::new(row.get::<_, String>(1)?, row.get::<_, String>(3)?);
    device.id = row.get(0)?;
    device.account = row.get(2)?;
    device.keys = json::read("keys of a device", &keys)?;
    device.attributes = json::read("attributes of a device", &attributes)?;
    device.registered_ms = row.get(7)?;
    let ended = match row.get(8)? {
        0 => None,
        at => Some(EndedDevice { at, why: row.get(9)? }),
    };
    Ok(DeviceRow { device, print: print.chars().take(PRINT).collect(), ended })
}

/// A device of a project.
fn one(db: &Connection, project: &str, id: &str) -> Result<Option<DeviceRow>, StoreError> {
    let Some(project) = targets::project(db, project)? else { return Ok(None) };
    db.prepare_cached(&format!("{COLUMNS} WHERE project = ?1 AND id = ?2"))?
        .query_and_then(params![project.0, id], read)?
        .next()
        .transpose()
}

fn list(db: &Connection, project: &str, marker: &str, limit: u32) -> Result<Vec<DeviceRow>, StoreError> {
    let Some(project) = targets::project(db, project)? else { return Ok(Vec::new()) };
    db.prepare_cached(&format!("{COLUMNS} WHERE project = ?1 AND id > ?2 ORDER BY id LIMIT ?3"))?
        .query_and_then(params![project.0, marker, limit], read)?
        .collect()
}

/// Registers a device, anew where it is there; whether it is new.
fn put(commit: &mut Commit<'_>, project: &str, device: &Device) -> Result<bool, StoreError> {
    let known = standing(commit.db, project, &device.id)?;
    let new = known.is_none();
    let revived = known.is_none_or(|known| known.ended);
    if new {
        commit.room()?;
    }
    if revived {
        usage::room_for_device(commit, project)?;
    }
    let project = targets::ensure_project(commit.db, project)?;
    commit
        .db
        .prepare_cached(
            "INSERT OR REPLACE INTO device (project, id, scheme, account, address, keys, attributes, print, registered)
             VALUES (?1, ?2, ?3, ?4, sealed(?5, 'device ' || ?1 || ' ' || ?2),
             sealed(?6, 'device keys ' || ?1 || ' ' || ?2), ?7, fingerprint(?5), ?8)",
        )?
        .execute(params![
            project.0,
            device.id,
            device.scheme,
            device.account,
            device.address,
            json::write("keys", &device.keys)?,
            json::write("attributes", &device.attributes)?,
            device.registered_ms,
        ])?;
    if revived {
        revive(commit, project, device)?;
    }
    Ok(new)
}

/// Subscriptions of a device that was gone are matched again.
fn revive(commit: &mut Commit<'_>, project: ProjectId, device: &Device) -> Result<(), StoreError> {
    let uri = format!("{}:{}", device.scheme, device.id);
    let ids: Vec<SubscriptionId> = commit
        .db
        .prepare_cached(
            "SELECT id FROM subscription WHERE project = ?1 AND uri_key = fingerprint(?2) AND state = 0",
        )?
        .query_map(params![project.0, uri], |row| row.get(0).map(SubscriptionId))?
        .collect::<Result<_, _>>()?;
    ids.into_iter().try_for_each(|id| health::reachable(commit, id))
}

#[derive(Clone, Copy)]
struct Stands {
    project: ProjectId,
    registered: i64,
    ended: bool,
}

fn standing(db: &Connection, project: &str, id: &str) -> Result<Option<Stands>, StoreError> {
    let Some(project) = targets::project(db, project)? else { return Ok(None) };
    let found = db
        .prepare_cached("SELECT registered, ended > 0 FROM device WHERE project = ?1 AND id = ?2")?
        .query_row(params![project.0, id], |row| {
            Ok(Stands { project, registered: row.get(0)?, ended: row.get(1)? })
        })
        .optional()?;
    Ok(found)
}

/// Whether a device of the project of a subscription is registered, and has not ended.
pub(super) fn lives(db: &Connection, of: SubscriptionId, id: &str) -> rusqlite::Result<bool> {
    db.prepare_cached(
        "SELECT 1 FROM subscription s JOIN device d ON d.project = s.project
         WHERE s.id = ?1 AND d.id = ?2 AND d.ended = 0",
    )?
    .exists(params![of.0, id])
}

/// Removes a slice of the devices that ended long ago; whether there may be more.
pub(super) fn tidy(commit: &Commit<'_>, slice: i64) -> Result<bool, StoreError> {
    let gone = commit
        .db
        .prepare_cached(
            "DELETE FROM device WHERE (project, id) IN
             (SELECT project, id FROM device WHERE ended > 0 AND ended < ?1 ORDER BY ended LIMIT ?2)",
        )?
        .execute(params![commit.now.saturating_sub(REMEMBERED), slice])?;
    Ok(gone as i64 >= slice)
}

fn remove(commit: &mut Commit<'_>, project: &str, id: &str) -> Result<bool, StoreError> {
    let Some(project) = targets::project(commit.db, project)? else { return Ok(false) };
    let gone = commit
        .db
        .prepare_cached("DELETE FROM device WHERE project = ?1 AND id = ?2")?
        .execute(params![project.0, id])?;
    Ok(gone > 0)
}

/// Ends a device, unless it was registered after the attempt began that found it lost.
fn end(commit: &mut Commit<'_>, project: &str, lost: &Lost, tell: Telling) -> Result<LostDevice, StoreError> {
    let stands = match standing(commit.db, project, &lost.id)? {
        None => return Ok(LostDevice::Known),
        Some(stands) if stands.ended => return Ok(LostDevice::Known),
        Some(stands) if stands.registered > lost.began => return Ok(LostDevice::Renewed),
        Some(stands) => stands,
    };
    commit
        .db
        .prepare_cached(
            "UPDATE device SET ended = ?3, why = ?4, address = sealed('', 'device ' || project || ' ' || id),
             keys = sealed('{}', 'device keys ' || project || ' ' || id) WHERE project = ?1 AND id = ?2",
        )?
        .execute(params![stands.project.0, lost.id, lost.at, lost.why])?;
    if let Some(post) = tell.post() {
        intake::tell(commit, post)?;
    }
    Ok(LostDevice::Ended)
}
