//! Events that are told in the commit of what they tell of.

use super::accept;
use crate::storage::{Post, StoreError, sqlite::commit::Commit};

/// Puts an event on its queue. One for which there is no room is counted as lost: what it tells of holds all the same.
pub(in crate::storage::sqlite) fn tell(commit: &mut Commit<'_>, post: Post) -> Result<(), StoreError> {
    match accept(commit, post) {
        Err(error @ (StoreError::Full { .. } | StoreError::TooMany { .. } | StoreError::NoSpace(_))) => {
            tracing::warn!(%error, "an event is not told");
            metrics::counter!("nuncio_events_lost_total").increment(1);
            Ok(())
        }
        other => other.map(drop),
    }
}
