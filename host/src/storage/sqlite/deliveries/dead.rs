//! Listing dead letters: by their own index, however far they lie apart.

use nuncio_core::{DeliveryKey, MessageId, ProjectId};
use rusqlite::{Connection, params};

use super::view::{self, Viewer};
use crate::storage::{DeliveryFilter, DeliveryPage, StoreError};

/// Dead letters that one call looks at at most.
const ROWS: usize = 1000;

/// A page of dead letters below `before`, newest first.
pub(super) fn list(
    db: &Connection,
    log: u16,
    now: i64,
    project: ProjectId,
    filter: &DeliveryFilter,
    before: DeliveryKey,
) -> Result<DeliveryPage, StoreError> {
    let mut viewer = Viewer::new(db, log, now)?;
    let mut page = DeliveryPage::default();
    let keys = keys(db, project, before)?;
    for key in &keys {
        if page.deliveries.len() >= filter.limit as usize {
            return Ok(page);
        }
        page.next = Some(*key);
        let Some(found) = view::find(&mut viewer, project, *key)? else { continue };
        let queue = viewer.queue(found.message.queue)?;
        if filter.queue.as_ref().is_none_or(|wanted| *wanted == queue) && found.aim.is_wanted(filter) {
            let position = key.idx - found.first;
            page.deliveries.push(viewer.view(&found.message, *key, position, &found.aim, found.stand)?);
        }
    }
    if keys.len() < ROWS {
        page.next = None;
    }
    Ok(page)
}

fn keys(db: &Connection, project: ProjectId, before: DeliveryKey) -> rusqlite::Result<Vec<DeliveryKey>> {
    db.prepare_cached(
        "SELECT message, idx FROM dead WHERE project = ?1 AND (message, idx) < (?2, ?3)
         ORDER BY message DESC, idx DESC LIMIT ?4",
    )?
    .query_map(params![project.0, before.message.0, before.idx, ROWS as i64], |row| {
        Ok(DeliveryKey::new(MessageId(row.get(0)?), row.get(1)?))
    })?
    .collect()
}
