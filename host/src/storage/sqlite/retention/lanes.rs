//! Lanes that no target leads to.

use nuncio_core::LaneId;
use rusqlite::{Connection, params};

use crate::storage::{StoreError, sqlite::commit::Commit};

/// Lanes that one commit removes.
const MOST: usize = 200;

/// Whether a lane leads nowhere. The newest lane stays: its number would be given to the next one.
const UNUSED: &str = "NOT EXISTS (SELECT 1 FROM target WHERE lane = l.id)
    AND NOT EXISTS (SELECT 1 FROM deferred WHERE log = ?1 AND lane = l.id)
    AND NOT EXISTS (SELECT 1 FROM subscription WHERE moving = l.id AND moving > 0)
    AND l.id < (SELECT max(id) FROM lane)";

/// A slice of the lanes that nothing leads to.
pub(in crate::storage::sqlite) fn unused(db: &Connection, log: u16) -> Result<Vec<LaneId>, StoreError> {
    let lanes = db
        .prepare_cached(&format!("SELECT id FROM lane l WHERE {UNUSED} LIMIT ?2"))?
        .query_map(params![log, MOST as i64], |row| row.get(0).map(LaneId))?
        .collect::<Result<_, _>>()?;
    Ok(lanes)
}

/// Removes those of `lanes` that still lead nowhere, and tells whoever listens; whether there may be more.
pub(in crate::storage::sqlite) fn drop_unused(
    commit: &mut Commit<'_>,
    lanes: &[LaneId],
) -> Result<bool, StoreError> {
    for lane in lanes {
        let gone = commit
            .db
            .prepare_cached(&format!(
                "DELETE FROM lane WHERE id IN (SELECT l.id FROM lane l WHERE l.id = ?2 AND {UNUSED})"
            ))?
            .execute(params![commit.log, lane.0])?;
        if gone > 0 {
            commit.published.lanes_gone.push(*lane);
        }
    }
    Ok(lanes.len() >= MOST)
}
