//! A copy of the database, taken while a host works on it.

use std::{
    fs,
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use rusqlite::{
    Connection, OpenFlags, OptionalExtension,
    backup::{Backup, StepResult},
};
use tempfile::NamedTempFile;

use super::{OpenError, connection, sealing};

/// Pages that are copied between two reports of progress.
const STEP: i32 = 256;

/// Why there is no copy.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BackupError {
    /// There is nothing to copy.
    #[error("there is no database at {}: name the configuration of its host with --config, or set NUNCIO_STORAGE__URL", .0.display())]
    Missing(PathBuf),
    /// There is something already.
    #[error("{} is there already and is not overwritten: name another file, or move it away", .0.display())]
    Exists(PathBuf),
    /// The database is not one of ours.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The copy cannot be written.
    #[error("cannot write {}: {source}: check that its directory exists, may be written by this user and has room", path.display())]
    File {
        /// The copy.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// SQLite says no.
    #[error("cannot copy {}: {source}", path.display())]
    Sqlite {
        /// The database.
        path: PathBuf,
        /// Why.
        source: rusqlite::Error,
    },
    /// The copy was checked and is damaged: so is the database.
    #[error(
        "{} is damaged ({found}), and no copy was kept: keep the backups that you have; docs/operations.md says how to \
         save what can be read",
        path.display()
    )]
    Damaged {
        /// The database.
        path: PathBuf,
        /// What was found.
        found: String,
    },
}

/// A finished copy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Copied {
    /// Its size, bytes.
    pub bytes: u64,
    /// The copy of its key, where the key stands in a file beside the database.
    pub key: Option<PathBuf>,
}

/// Copies the database at `from` to the new file `to`, as it stands at one moment; a host may be at work on it.
///
/// The copy gets its name when it is whole, checked and on stable storage; only its owner may read it. A host that is
/// started on it issues ids under a number of its own, so that none of them is ever one of the original's.
/// `progress` is told the bytes copied, and of how many.
///
/// # Errors
/// Why there is no copy. Nothing is left behind then.
pub fn backup(from: &Path, to: &Path, mut progress: impl FnMut(u64, u64)) -> Result<Copied, BackupError> {
    if to.exists() {
        return Err(BackupError::Exists(to.into()));
    }
    if !from.exists() {
        return Err(BackupError::Missing(from.into()));
    }
    let written = |source| BackupError::File { path: to.into(), source };
    let read = |source| BackupError::Sqlite { path: from.into(), source };
    let source = connection::reader(from).map_err(read)?;
    connection::recognise(&source, from)?;
    let folder = to.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let partial = tempfile::Builder::new()
        .prefix(".nuncio-backup-")
        .suffix(".partial")
        .tempfile_in(folder)
        .map_err(written)?;
    let found = copy(&source, partial.path(), &mut progress).map_err(read)?;
    if let Some(found) = found {
        return Err(BackupError::Damaged { path: from.into(), found });
    }
    let key = copy_key(from, to)?;
    name(partial, to).map(|bytes| Copied { bytes, key: key.clone() }).inspect_err(|_| {
        if let Some(key) = &key {
            // What cannot be removed is no worse than what is there.
            fs::remove_file(key).ok();
        }
    })
}

/// Copies the key file beside the copy: without it the copy could not be opened. Who has both can read everything.
fn copy_key(from: &Path, to: &Path) -> Result<Option<PathBuf>, BackupError> {
    let (from, to) = (sealing::file_of(from), sealing::file_of(to));
    let written = |source: io::Error| match source.kind() {
        io::ErrorKind::AlreadyExists => BackupError::Exists(to.clone()),
        _ => BackupError::File { path: to.clone(), source },
    };
    let key = match fs::read(&from) {
        Ok(key) => key,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(source) => return Err(BackupError::File { path: from, source }),
    };
    let mut file = sealing::private(&to).map_err(&written)?;
    file.write_all(&key).and_then(|()| file.sync_all()).map_err(&written)?;
    connection::sync_entry(&to).map_err(&written)?;
    Ok(Some(to))
}

/// Puts the copy on stable storage and gives it its name.
fn name(partial: NamedTempFile, to: &Path) -> Result<u64, BackupError> {
    let written = |source| BackupError::File { path: to.into(), source };
    partial.as_file().sync_all().map_err(written)?;
    let bytes = partial.as_file().metadata().map_err(written)?.len();
    partial.persist_noclobber(to).map_err(|refused| match refused.error.kind() {
        io::ErrorKind::AlreadyExists => BackupError::Exists(to.into()),
        _ => written(refused.error),
    })?;
    connection::sync_entry(to).map_err(written)?;
    Ok(bytes)
}

/// Copies page by page; what is wrong with the copy, if anything is.
fn copy(
    source: &Connection,
    to: &Path,
    progress: &mut impl FnMut(u64, u64),
) -> rusqlite::Result<Option<String>> {
    // One read transaction over all steps: the copy is of one moment, and commits meanwhile do not begin it anew.
    source.execute_batch("BEGIN; SELECT count(*) FROM sqlite_schema")?;
    let page_bytes: u64 = source.pragma_query_value(None, "page_size", |row| row.get::<_, u32>(0))?.into();
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut copy = Connection::open_with_flags(to, flags)?;
    // A copy that was begun and not ended is thrown away: nothing need be rolled back, and it is synced once.
    copy.pragma_update_and_check(None, "journal_mode", "off", |_| Ok(()))?;
    copy.pragma_update(None, "synchronous", "off")?;
    {
        let steps = Backup::new(source, &mut copy)?;
        while steps.step(STEP)? != StepResult::Done {
            let now = steps.progress();
            let bytes = |pages: i32| u64::try_from(pages).unwrap_or(0) * page_bytes;
            progress(bytes(now.pagecount - now.remaining), bytes(now.pagecount));
        }
    }
    // A file by itself, without a write-ahead log beside it; a host changes it back.
    copy.pragma_update_and_check(None, "journal_mode", "delete", |_| Ok(()))?;
    let found: String = copy.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
    if found != "ok" {
        return Ok(Some(found));
    }
    issue_under_another_number(&copy)?;
    copy.close().map_err(|(_, error)| error)?;
    Ok(None)
}

const ISSUER: &str = "issuer";

/// The number under which message ids are issued: that of the log, or the one that a copy was given.
pub(super) fn issuer(db: &Connection, log: u16) -> rusqlite::Result<u16> {
    let given: Option<[u8; 2]> =
        db.query_row("SELECT value FROM meta WHERE key = ?1", [ISSUER], |row| row.get(0)).optional()?;
    Ok(given.map_or(log, u16::from_be_bytes))
}

fn issue_under_another_number(copy: &Connection) -> rusqlite::Result<()> {
    let log: u16 = copy.query_row("SELECT coalesce(min(id), 0) FROM log", [], |row| row.get(0))?;
    let old = issuer(copy, log)?;
    let step: u16 = copy.query_row("SELECT 1 + abs(random() % 1023)", [], |row| row.get(0))?;
    let new = (old + step) % 1024;
    copy.execute("INSERT OR REPLACE INTO meta (key, value) VALUES (?1, ?2)", (ISSUER, new.to_be_bytes()))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn database(dir: &Path) -> (PathBuf, Connection) {
        let path = dir.join("n.db");
        let db = connection::writer(&path, None).unwrap().0;
        db.execute("INSERT INTO log (id, low_message, low_idx, last_id) VALUES (0, 0, 0, 7)", []).unwrap();
        (path, db)
    }

    #[test]
    fn a_copy_is_of_one_moment_while_commits_go_on() {
        let dir = tempfile::tempdir().unwrap();
        let (path, db) = database(dir.path());
        let body = vec![7_u8; 4 << 20];
        db.execute("INSERT INTO meta (key, value) VALUES ('before', ?1)", [&body]).unwrap();
        let to = dir.path().join("copy.db");
        let mut calls = 0;
        let copied = backup(&path, &to, |done, all| {
            assert!(done <= all);
            calls += 1;
            db.execute("INSERT INTO meta (key, value) VALUES ('during' || ?1, x'00')", [calls]).unwrap();
        })
        .unwrap();
        assert!(calls > 2 && copied.bytes > 4 << 20);
        let copy = connection::writer(&to, None).unwrap().0;
        let count = |like: &str| -> i64 {
            copy.query_row("SELECT count(*) FROM meta WHERE key LIKE ?1", [like], |row| row.get(0)).unwrap()
        };
        assert_eq!((count("before"), count("during%")), (1, 0));
    }

    #[test]
    fn a_copy_issues_its_ids_under_another_number_and_so_does_a_copy_of_it() {
        let dir = tempfile::tempdir().unwrap();
        let (path, db) = database(dir.path());
        let mut numbers = vec![issuer(&db, 0).unwrap()];
        let mut from = path;
        for n in 0..3 {
            let to = dir.path().join(format!("{n}.db"));
            backup(&from, &to, |_, _| ()).unwrap();
            numbers.push(issuer(&Connection::open(&to).unwrap(), 0).unwrap());
            from = to;
        }
        assert!(numbers.windows(2).all(|two| two[0] != two[1] && two[1] < 1024), "{numbers:?}");
    }

    #[test]
    fn what_is_there_is_not_overwritten_and_nothing_is_left_of_a_failure() {
        let dir = tempfile::tempdir().unwrap();
        let (path, _db) = database(dir.path());
        let to = dir.path().join("copy.db");
        std::fs::write(&to, "mine").unwrap();
        assert!(matches!(backup(&path, &to, |_, _| ()), Err(BackupError::Exists(_))));
        assert_eq!(std::fs::read_to_string(&to).unwrap(), "mine");
        let missing = backup(&dir.path().join("none.db"), &dir.path().join("x"), |_, _| ());
        assert!(matches!(missing, Err(BackupError::Missing(_))));
        let late = dir.path().join("late.db");
        let raced = backup(&path, &late, |_, _| std::fs::write(&late, "other").unwrap());
        // A database of one step reports no progress: then nobody raced.
        assert!(matches!(raced, Err(BackupError::Exists(_)) | Ok(_)));
        let left = std::fs::read_dir(dir.path()).unwrap().map(|entry| entry.unwrap().file_name());
        assert!(left.into_iter().all(|name| !name.to_string_lossy().contains("partial")));
    }

    #[cfg(unix)]
    #[test]
    fn only_the_owner_may_read_a_copy() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let (path, _db) = database(dir.path());
        let to = dir.path().join("copy.db");
        backup(&path, &to, |_, _| ()).unwrap();
        assert_eq!(std::fs::metadata(&to).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn a_damaged_database_is_said_and_not_copied() {
        let dir = tempfile::tempdir().unwrap();
        let (path, db) = database(dir.path());
        db.execute("INSERT INTO meta (key, value) VALUES ('big', ?1)", [vec![7_u8; 1 << 20]]).unwrap();
        let page: u32 = db
            .query_row("SELECT rootpage FROM sqlite_schema WHERE name = 'deferred'", [], |row| row.get(0))
            .unwrap();
        db.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
        drop(db);
        let mut bytes = std::fs::read(&path).unwrap();
        let at = (page as usize - 1) * 4096;
        bytes[at..at + 4096].fill(0xa5);
        std::fs::write(&path, bytes).unwrap();
        let to = dir.path().join("copy.db");
        let refused = backup(&path, &to, |_, _| ()).unwrap_err();
        assert!(matches!(&refused, BackupError::Damaged { .. }), "{refused}");
        assert!(!to.exists());
    }
}
