//! High-water marks: what would make the database grow is refused before the disk is really full, so that outcomes can
//! still be written.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use rusqlite::Connection;
use tokio::time::Instant;

use super::{damage::Damage, limits::Limits};
use crate::storage::{StoreError, Tally};

/// How often the disk and the file are looked at, at most.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// What the writer knows of the room that is left.
#[derive(Debug)]
pub(super) struct Marks {
    database: PathBuf,
    looked: Option<Instant>,
    room: Room,
    tally: Tally,
    low: bool,
    pub(super) damage: Arc<Damage>,
}

/// Sizes in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Room {
    /// Free on the disk, `None` where the system does not say.
    pub(super) free: Option<u64>,
    /// Size of the file.
    pub(super) file: u64,
    /// What of it is in use.
    pub(super) used: u64,
}

/// Percent of `max_bytes` from which on what is settled goes whatever its age.
const PRESSED: u64 = 90;

impl Room {
    /// Looks at the file and its disk.
    pub(super) fn look(db: &Connection, database: &Path) -> rusqlite::Result<Self> {
        let number = |sql: &str| -> rusqlite::Result<u64> {
            db.prepare_cached(sql)?.query_row([], |row| row.get::<_, i64>(0).map(i64::unsigned_abs))
        };
        let page = number("PRAGMA page_size")?;
        let (pages, unused) = (number("PRAGMA page_count")?, number("PRAGMA freelist_count")?);
        Ok(Self { free: free(database), file: pages * page, used: pages.saturating_sub(unused) * page })
    }

    /// Whether the database is nearly as big as it may be.
    pub(super) fn is_pressed(&self, limits: &Limits) -> bool {
        limits.max_bytes > 0 && self.used >= limits.max_bytes / 100 * PRESSED
    }

    /// Why nothing more is taken in, if so.
    pub(super) fn refusal(&self, limits: &Limits) -> Option<StoreError> {
        if let Some(free) = self.free.filter(|free| *free < limits.min_free) {
            let min = limits.min_free;
            return Some(StoreError::NoSpace(format!("{free} bytes are free, storage.min_free is {min}")));
        }
        let full = limits.max_bytes > 0 && self.used >= limits.max_bytes;
        full.then_some(StoreError::Full { limit: "storage.max_bytes", value: limits.max_bytes })
    }
}

impl Marks {
    pub(super) fn new(database: PathBuf, tally: Tally, damage: Arc<Damage>) -> Self {
        Self { database, looked: None, room: Room::default(), tally, low: false, damage }
    }

    /// Refuses what would make the database grow while there is no room for it.
    pub(super) fn room(&mut self, db: &Connection, limits: &Limits) -> Result<(), StoreError> {
        if self.looked.is_none_or(|at| at.elapsed() >= LOOK_EVERY) {
            self.room = Room::look(db, &self.database)?;
            self.looked = Some(Instant::now());
            self.say(self.room.refusal(limits));
        }
        self.room.refusal(limits).map_or(Ok(()), Err)
    }

    fn say(&mut self, refusal: Option<StoreError>) {
        let database = self.database.display();
        match (&refusal, self.low) {
            (Some(why), false) => tracing::error!(%database, %why, "nothing more is taken in"),
            (None, true) => tracing::info!(%database, "there is room again: messages are taken in"),
            _ => {}
        }
        self.low = refusal.is_some();
    }

    /// Settlements could not be recorded.
    pub(super) fn unrecorded(&self, error: &StoreError) {
        self.damage.strike(&self.database, error);
    }

    /// The accounts as the last commit left them.
    pub(super) fn tally(&self) -> Tally {
        self.tally
    }

    /// A commit that changed the accounts by `tally` is on stable storage.
    pub(super) fn committed(&mut self, tally: Tally) {
        self.tally = self.tally.plus(tally);
    }
}

/// Bytes that this user may still write to the disk of `database`.
#[cfg(unix)]
fn free(database: &Path) -> Option<u64> {
    let disk = rustix::fs::statvfs(database).ok()?;
    Some(disk.f_bavail.saturating_mul(disk.f_frsize))
}

#[cfg(not(unix))]
fn free(_: &Path) -> Option<u64> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn room(free: u64, used: u64) -> Option<StoreError> {
        let limits = Limits { min_free: 100, max_bytes: 1000, ..Limits::default() };
        Room { free: Some(free), file: 5000, used }.refusal(&limits)
    }

    #[test]
    fn the_mark_that_is_passed_is_named() {
        assert_eq!(room(100, 999), None);
        assert!(room(99, 0).unwrap().to_string().contains("storage.min_free is 100"));
        assert!(room(100, 1000).unwrap().to_string().contains("storage.max_bytes"));
        let none = Limits { min_free: 0, max_bytes: 0, ..Limits::default() };
        assert_eq!(Room { free: Some(0), file: 1, used: u64::MAX }.refusal(&none), None);
    }

    #[cfg(unix)]
    #[test]
    fn the_disk_of_a_file_is_asked() {
        let file = tempfile::NamedTempFile::new().unwrap();
        assert!(free(file.path()).unwrap() > 0);
        assert_eq!(free(Path::new("no/such/place")), None);
    }
}
