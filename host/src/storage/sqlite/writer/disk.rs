//! A disk that failed a write or an fsync.

use std::path::Path;

use rusqlite::ErrorCode;

use crate::storage::sqlite::error::is_full;

/// The exit code of a host whose disk did not keep its word: `EX_IOERR` of sysexits.
const IO_ERROR: i32 = 74;

/// The exit code of a host whose database is damaged: `EX_DATAERR`. A start does not mend it.
const DAMAGED: i32 = 65;

/// Ends the process if `error` says that the disk failed. After a failed fsync nobody knows what is on it, and asking
/// again may be answered with yes although the pages are gone: only a start reads what is really there.
pub(super) fn trust(path: &Path, error: &rusqlite::Error) {
    match error.sqlite_error_code() {
        Some(ErrorCode::SystemIoFailure) if !is_full(error) => {
            tracing::error!(path = %path.display(), %error, "the disk failed: the host stops, and recovers at its start");
            std::process::exit(IO_ERROR);
        }
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => stop_damaged(path, &error.to_string()),
        _ => {}
    }
}

/// Ends the process: the database is damaged where it must be written.
pub(in crate::storage::sqlite) fn stop_damaged(path: &Path, found: &str) {
    tracing::error!(
        path = %path.display(), found,
        "the database is damaged and cannot be written: the host stops; restore a backup, or save what can be read as \
         docs/operations.md says"
    );
    std::process::exit(DAMAGED);
}
