//! Claims whose time has passed: what they held is free without it; this removes what is left of them.

use nuncio_core::ClaimId;
use rusqlite::params;

use super::live::let_go;
use crate::storage::{StoreError, sqlite::commit::Commit};

/// Removes at most `most` claims whose time has passed; how many.
pub(in crate::storage::sqlite) fn end(commit: &Commit<'_>, most: u32) -> Result<usize, StoreError> {
    let ended: Vec<_> = commit
        .db
        .prepare_cached(
            "DELETE FROM claim WHERE id IN (SELECT id FROM claim WHERE until <= ?1 ORDER BY until LIMIT ?2)
             RETURNING id",
        )?
        .query_map(params![commit.now, most], |row| row.get(0).map(ClaimId))?
        .collect::<Result<_, _>>()?;
    for claim in &ended {
        let_go(commit, *claim)?;
    }
    Ok(ended.len())
}
