//! A disk that failed a write or an fsync.

use std::path::Path;

use rusqlite::ErrorCode;

/// The exit code of a host whose disk did not keep its word: `EX_IOERR` of sysexits.
const IO_ERROR: i32 = 74;

/// Ends the process if `error` says that the disk failed. After a failed fsync nobody knows what is on it, and asking
/// again may be answered with yes although the pages are gone: only a start reads what is really there.
pub(super) fn trust(path: &Path, error: &rusqlite::Error) {
    if error.sqlite_error_code() == Some(ErrorCode::SystemIoFailure) {
        tracing::error!(path = %path.display(), %error, "the disk failed: the host stops, and recovers at its start");
        std::process::exit(IO_ERROR);
    }
}
