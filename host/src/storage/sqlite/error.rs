//! What goes wrong, and what it means to whoever asked.

use std::{io, path::PathBuf};

use rusqlite::{ErrorCode, ffi};

use super::sealing;
use crate::storage::StoreError;

/// Why the store could not be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// A file or directory cannot be made or opened.
    #[error("cannot open {}: {source}: check that the directory exists and may be written by this user", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Another host has the database.
    #[error(
        "{} is in use by another host (process {pid}, lock {}): stop that one, or give this one a [storage] url of its own",
        path.display(), lock.display()
    )]
    InUse {
        /// The database.
        path: PathBuf,
        /// The lock file.
        lock: PathBuf,
        /// What the other host wrote into it.
        pid: String,
    },
    /// The file is something else, or damaged at its beginning.
    #[error(
        "{} is not a Nuncio database ({reason}): move it away to start with an empty one, restore a backup, or set [storage] url to another file",
        path.display()
    )]
    NotOurs {
        /// The file.
        path: PathBuf,
        /// How that shows.
        reason: String,
    },
    /// The file is damaged.
    #[error(
        "{} is damaged ({found}) and was left as it is: restore a backup, or save what can be read with \
         `sqlite3 {} .recover`; docs/operations.md says how",
        path.display(), path.display()
    )]
    Damaged {
        /// The database.
        path: PathBuf,
        /// What was found.
        found: String,
    },
    /// A newer version wrote it.
    #[error(
        "{} was written by a newer version (schema {found}, this version knows up to {known}): start that version, or restore a backup from before the upgrade",
        path.display()
    )]
    Newer {
        /// The database.
        path: PathBuf,
        /// Its schema.
        found: i64,
        /// The newest schema of this version.
        known: i64,
    },
    /// The schema cannot be brought to this version's.
    #[error("cannot bring {} to the schema of this version: {source}", path.display())]
    Migration {
        /// The database.
        path: PathBuf,
        /// Why.
        source: StoreError,
    },
    /// The key of what is encrypted is not there.
    #[error(
        "the key of {} is missing: put its file back to {} (from the backup that has it), or set [storage] encryption_key",
        path.display(), key.display()
    )]
    KeyMissing {
        /// The database.
        path: PathBuf,
        /// Where its key file was.
        key: PathBuf,
    },
    /// The key is that of another database.
    #[error(
        "the key of {from} is not that of {}: give this database the key with which it was made; without it, what is \
         encrypted cannot be read",
        path.display()
    )]
    KeyWrong {
        /// The database.
        path: PathBuf,
        /// Where the key came from.
        from: String,
    },
    /// The key file holds no key.
    #[error("{} holds no key of 32 bytes (64 hexadecimal digits, or base64): restore it from a backup", key.display())]
    KeyUnreadable {
        /// The key file.
        key: PathBuf,
    },
    /// SQLite says no.
    #[error("cannot open {}: {source}", path.display())]
    Sqlite {
        /// The database.
        path: PathBuf,
        /// Why.
        source: rusqlite::Error,
    },
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        match &error {
            rusqlite::Error::FromSqlConversionFailure(..)
            | rusqlite::Error::IntegralValueOutOfRange(..)
            | rusqlite::Error::InvalidColumnType(..) => Self::Corrupt(error.to_string()),
            other => match other.sqlite_error_code() {
                Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
                    Self::Damaged(error.to_string())
                }
                _ if error.to_string().starts_with(sealing::UNOPENED) => Self::Corrupt(error.to_string()),
                _ if is_full(other) => Self::NoSpace("it is full".into()),
                _ => Self::Unavailable(error.to_string()),
            },
        }
    }
}

/// Whether `error` says that the disk is full. The index of the write-ahead log grows in a file of its own, for which
/// SQLite has another code.
pub(super) fn is_full(error: &rusqlite::Error) -> bool {
    matches!(error, rusqlite::Error::SqliteFailure(failure, _)
        if failure.code == ErrorCode::DiskFull || failure.extended_code == ffi::SQLITE_IOERR_SHMSIZE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_is_named() {
        let full = rusqlite::Error::SqliteFailure(ffi::Error::new(ffi::SQLITE_FULL), None);
        assert!(matches!(StoreError::from(full), StoreError::NoSpace(_)));
        let index = rusqlite::Error::SqliteFailure(ffi::Error::new(ffi::SQLITE_IOERR_SHMSIZE), None);
        let told = StoreError::from(index).to_string();
        assert!(told.contains("the disk of the database") && told.contains("Make room"), "{told}");
    }

    #[test]
    fn a_damaged_page_is_not_called_unavailable() {
        let corrupt = rusqlite::Error::SqliteFailure(ffi::Error::new(ffi::SQLITE_CORRUPT), None);
        assert!(matches!(StoreError::from(corrupt), StoreError::Damaged(_)));
    }
}
