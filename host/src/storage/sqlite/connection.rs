//! Connections: how the file is made, opened, checked and brought to the newest schema.

use std::{
    fs::{File, OpenOptions},
    io,
    path::Path,
    sync::Arc,
    time::Duration,
};

use nuncio_core::MessageId;
use rusqlite::{Connection, ErrorCode, OpenFlags, OptionalExtension, config::DbConfig};

use super::{
    error::OpenError,
    sealing::{self, Keyring, Sealer, SealingKey},
    tally,
};
use crate::storage::StoreError;

/// "Nunc": how `file(1)` and we recognise the database.
const APPLICATION_ID: i64 = 0x4e75_6e63;

/// The schema by version: the script at `n` brings a database of version `n` to `n + 1`.
const MIGRATIONS: &[&str] =
    &[include_str!("schema.sql"), include_str!("schema_2.sql"), include_str!("schema_3.sql")];

/// Bytes of a database that is looked at as a whole after a crash: it takes about half a second.
const LOOKED_AT: u64 = 256 << 20;

/// The first version that keeps accounts.
const WITH_ACCOUNTS: usize = 2;

const STATEMENTS: usize = 128;

/// How long a connection waits for another one's lock.
pub(super) const PATIENCE: Duration = Duration::from_secs(5);

/// Makes the directory of `path` if need be, so that it is there after a power cut too.
pub(super) fn directory_of(path: &Path) -> Result<(), OpenError> {
    let Some(directory) = path.parent().filter(|directory| !directory.as_os_str().is_empty()) else {
        return Ok(());
    };
    let missing: Vec<_> = directory.ancestors().take_while(|one| !one.exists()).collect();
    private_directory(directory)
        .and_then(|()| missing.into_iter().try_for_each(sync_entry))
        .map_err(|source| OpenError::File { path: directory.into(), source })
}

/// Puts the entry of `path` in its directory on stable storage.
pub(super) fn sync_entry(path: &Path) -> io::Result<()> {
    match path.parent() {
        Some(parent) if parent.as_os_str().is_empty() => sync_directory(Path::new(".")),
        Some(parent) => sync_directory(parent),
        None => Ok(()),
    }
}

#[cfg(unix)]
fn sync_directory(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

#[cfg(not(unix))]
fn sync_directory(_: &Path) -> io::Result<()> {
    Ok(())
}

/// Opens the connection that writes, on a database that is made and migrated as need be, with what seals in it: under
/// the key that is configured, or else that of its file.
pub(super) fn writer(path: &Path, key: Option<&SealingKey>) -> Result<(Connection, Arc<Sealer>), OpenError> {
    let crashed = has_crashed(path);
    private_file(path)
        .and_then(|_| sync_entry(path))
        .map_err(|source| OpenError::File { path: path.into(), source })?;
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut db = Connection::open_with_flags(path, flags).map_err(|source| refused(path, source))?;
    // What is refused is left as it is: closing it would copy its log back.
    let kept = |on| db.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, on).map(drop);
    kept(true).map_err(|source| refused(path, source))?;
    recognise(&db, path)?;
    look_after_a_crash(&db, path, crashed)?;
    kept(false).map_err(|source| refused(path, source))?;
    prepare(&db).map_err(|source| refused(path, source))?;
    let keyring = Keyring::open(&db, path, key)?;
    sealing::install(&db, &keyring.sealer).map_err(|source| refused(path, source))?;
    migrate(&mut db).map_err(|source| OpenError::Migration { path: path.into(), source })?;
    keyring.remember(&db).map_err(|source| refused(path, source))?;
    Ok((db, keyring.sealer))
}

/// Opens a connection that copies the write-ahead log back and does nothing else.
pub(super) fn copier(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let db = Connection::open_with_flags(path, flags)?;
    // It syncs by this what it copies.
    db.pragma_update(None, "synchronous", "full")?;
    db.pragma_update_and_check(None, "wal_autocheckpoint", 0, |_| Ok(()))?;
    Ok(db)
}

/// Opens a connection that reads.
pub(super) fn reader(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let db = Connection::open_with_flags(path, flags)?;
    db.busy_timeout(PATIENCE)?;
    keep_statements(&db)?;
    Ok(db)
}

/// Statements are prepared once. Without the guarantee SQLite prepares one with a `LIMIT ?` anew for each value, which
/// takes longer than most of them run.
fn keep_statements(db: &Connection) -> rusqlite::Result<()> {
    db.set_prepared_statement_cache_capacity(STATEMENTS);
    db.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true).map(drop)
}

/// Opens or makes a file that only its owner may read: options hold secrets.
pub(super) fn private_file(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

fn private_directory(path: &Path) -> io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

/// Refuses a database of another program or of a newer version.
pub(super) fn recognise(db: &Connection, path: &Path) -> Result<(), OpenError> {
    let number = |pragma: &str| db.pragma_query_value(None, pragma, |row| row.get::<_, i64>(0));
    let read = || {
        let tables: i64 = db.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
        Ok((tables, number("application_id")?, number("user_version")?))
    };
    let (tables, application, version) = read().map_err(|source| refused(path, source))?;
    let known = MIGRATIONS.len() as i64;
    if tables > 0 && application != APPLICATION_ID {
        return Err(OpenError::NotOurs {
            path: path.into(),
            reason: "it is a database of another program".into(),
        });
    }
    if version > known {
        return Err(OpenError::Newer { path: path.into(), found: version, known });
    }
    Ok(())
}

fn prepare(db: &Connection) -> rusqlite::Result<()> {
    db.busy_timeout(PATIENCE)?;
    keep_statements(db)?;
    // Takes effect before the first table only; then the file can shrink.
    db.pragma_update(None, "auto_vacuum", "incremental")?;
    db.pragma_update_and_check(None, "journal_mode", "wal", |_| Ok(()))?;
    db.pragma_update(None, "synchronous", "full")?;
    // The writer says when it is copied back.
    db.pragma_update_and_check(None, "wal_autocheckpoint", 0, |_| Ok(()))?;
    db.pragma_update(None, "cache_size", -16_384)?;
    db.pragma_update(None, "temp_store", "memory")
}

fn migrate(db: &mut Connection) -> Result<(), StoreError> {
    let version: i64 = db.pragma_query_value(None, "user_version", |row| row.get(0))?;
    for (from, script) in MIGRATIONS.iter().enumerate().skip(usize::try_from(version).unwrap_or(0)) {
        // What a step replaces may be a secret in the clear: nothing is left of it in the file.
        overwrite(db, "on")?;
        let step = db.transaction()?;
        step.execute_batch(script)?;
        if from + 1 == WITH_ACCOUNTS {
            open_accounts(&step)?;
        }
        step.pragma_update(None, "application_id", APPLICATION_ID)?;
        step.pragma_update(None, "user_version", from as i64 + 1)?;
        step.commit()?;
        overwrite(db, "off")?;
    }
    Ok(())
}

fn overwrite(db: &Connection, on: &str) -> rusqlite::Result<()> {
    db.pragma_update_and_check(None, "secure_delete", on, |_| Ok(()))
}

/// Counts what an earlier version left.
fn open_accounts(db: &Connection) -> Result<(), StoreError> {
    let log: Option<(u16, i64)> =
        db.query_row("SELECT id, last_id FROM log", [], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
    match log {
        Some((log, last)) => Ok(tally::add(db, log, tally::count(db)?, MessageId(last), 0)?),
        None => Ok(()),
    }
}

/// Looks at all pages after an end that was not clean, if there are not too many.
fn look_after_a_crash(db: &Connection, path: &Path, crashed: bool) -> Result<(), OpenError> {
    if !crashed {
        return Ok(());
    }
    let bytes = std::fs::metadata(path).map_or(0, |file| file.len());
    if bytes > LOOKED_AT {
        tracing::info!(
            database = %path.display(),
            "the last host did not end cleanly; `nuncio check --database` looks at every page of the database"
        );
        return Ok(());
    }
    let found: String = db
        .query_row("PRAGMA quick_check(1)", [], |row| row.get(0))
        .map_err(|source| refused(path, source))?;
    if found == "ok" { Ok(()) } else { Err(OpenError::Damaged { path: path.into(), found }) }
}

/// Whether the last host left a write-ahead log: it did not end cleanly.
fn has_crashed(path: &Path) -> bool {
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    std::fs::metadata(log).is_ok_and(|file| file.len() > 0)
}

pub(super) fn refused(path: &Path, source: rusqlite::Error) -> OpenError {
    match source.sqlite_error_code() {
        Some(ErrorCode::NotADatabase) => OpenError::NotOurs { path: path.into(), reason: source.to_string() },
        Some(ErrorCode::DatabaseCorrupt) => {
            OpenError::Damaged { path: path.into(), found: source.to_string() }
        }
        _ => OpenError::Sqlite { path: path.into(), source },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rusqlite::StatementStatus;

    fn opened(path: &Path) -> Connection {
        writer(path, None).unwrap().0
    }

    #[test]
    fn a_newer_schema_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("n.db");
        opened(&path).pragma_update(None, "user_version", 99).unwrap();
        let refused = writer(&path, None).unwrap_err();
        assert!(matches!(refused, OpenError::Newer { found: 99, .. }), "{refused}");
    }

    #[test]
    fn a_file_of_another_kind_is_refused_and_left_as_it_was() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("letter.txt");
        let text = "Dear Ann, this is not a database. ".repeat(200);
        std::fs::write(&path, &text).unwrap();
        assert!(matches!(writer(&path, None).unwrap_err(), OpenError::NotOurs { .. }));
        assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
    }

    #[test]
    fn a_database_of_another_program_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("other.db");
        Connection::open(&path).unwrap().execute_batch("CREATE TABLE t (x)").unwrap();
        assert!(matches!(writer(&path, None).unwrap_err(), OpenError::NotOurs { .. }));
    }

    #[cfg(unix)]
    #[test]
    fn only_the_owner_may_read_it() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("deep/er/n.db");
        directory_of(&path).unwrap();
        let _db = opened(&path);
        for file in [path.clone(), path.with_extension("db-wal")] {
            assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600, "{file:?}");
        }
    }

    #[test]
    fn a_statement_with_a_limit_is_prepared_once() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("n.db");
        for db in [opened(&path), reader(&path).unwrap()] {
            let mut statement = db.prepare("SELECT key FROM dedup LIMIT ?1").unwrap();
            for limit in 1..9 {
                assert!(!statement.exists([limit]).unwrap());
            }
            assert_eq!(statement.get_status(StatementStatus::RePrepare), 0);
        }
    }

    #[test]
    fn commits_are_synced_and_nobody_checkpoints_behind_the_writer() {
        let dir = tempfile::tempdir().unwrap();
        let db = opened(&dir.path().join("n.db"));
        let number = |pragma| db.pragma_query_value(None, pragma, |row| row.get::<_, i64>(0)).unwrap();
        assert_eq!((number("synchronous"), number("wal_autocheckpoint")), (2, 0));
    }
}
