//! Events of operation, told within the commit that makes them true.

use super::accept;
use crate::storage::{Post, StoreError, sqlite::commit::Commit};

/// Accepts the message that tells of something. A full queue or disk does not take it, and what happened stands all the
/// same.
pub(in crate::storage::sqlite) fn tell(commit: &mut Commit<'_>, post: Post) -> Result<(), StoreError> {
    match accept(commit, post) {
        Err(error @ (StoreError::Full { .. } | StoreError::TooMany { .. } | StoreError::NoSpace(_))) => {
            tracing::warn!(%error, "an event is not told");
            Ok(())
        }
        other => other.map(drop),
    }
}
