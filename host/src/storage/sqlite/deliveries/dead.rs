//! Dead letters, found by their own index however far they lie apart.

use nuncio_core::{DeliveryKey, MessageId, ProjectId, QueueId, TargetId};
use rusqlite::{Connection, Row, params};

use super::view::{self, Viewer};
use crate::storage::{DeliveryFilter, DeliveryPage, Selection, StoreError};

/// Dead letters that one call looks at at most.
const ROWS: usize = 1000;

/// A dead letter, as much as a filter asks of it.
pub(super) struct Letter {
    pub(super) key: DeliveryKey,
    pub(super) at: i64,
    target: TargetId,
    queue: QueueId,
    reason: String,
}

const COLUMNS: &str = "SELECT message, idx, at, target, queue, reason FROM dead";

impl Letter {
    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            key: DeliveryKey::new(MessageId(row.get(0)?), row.get(1)?),
            at: row.get(2)?,
            target: TargetId(row.get(3)?),
            queue: QueueId(row.get(4)?),
            reason: row.get(5)?,
        })
    }

    /// Whether `wanted` takes it; its times are those of the death.
    pub(super) fn is_wanted(&self, viewer: &mut Viewer<'_>, wanted: &Selection) -> Result<bool, StoreError> {
        if !wanted.spans(self.at) || !wanted.takes_reason(&self.reason) {
            return Ok(false);
        }
        if let Some(queue) = &wanted.queue
            && viewer.queue(self.queue)? != *queue
        {
            return Ok(false);
        }
        Ok(viewer.aim(self.target)?.is_some_and(|aim| aim.is_wanted(wanted)))
    }
}

/// At most `most` dead letters of a project after `after`, ascending.
pub(super) fn after(
    db: &Connection,
    project: ProjectId,
    after: DeliveryKey,
    most: usize,
) -> rusqlite::Result<Vec<Letter>> {
    db.prepare_cached(&format!(
        "{COLUMNS} WHERE project = ?1 AND (message, idx) > (?2, ?3) ORDER BY message, idx LIMIT ?4"
    ))?
    .query_map(params![project.0, after.message.0, after.idx, most as i64], Letter::read)?
    .collect()
}

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
    let letters = before_key(db, project, before)?;
    for letter in &letters {
        if page.deliveries.len() >= filter.limit as usize {
            return Ok(page);
        }
        page.next = Some(letter.key);
        if !letter.is_wanted(&mut viewer, &filter.selection)? {
            continue;
        }
        if let Some(found) = view::find(&mut viewer, project, letter.key)? {
            let position = letter.key.idx - found.first;
            page.deliveries.push(viewer.view(
                &found.message,
                letter.key,
                position,
                &found.aim,
                found.stand,
            )?);
        }
    }
    if letters.len() < ROWS {
        page.next = None;
    }
    Ok(page)
}

fn before_key(db: &Connection, project: ProjectId, before: DeliveryKey) -> rusqlite::Result<Vec<Letter>> {
    db.prepare_cached(&format!(
        "{COLUMNS} WHERE project = ?1 AND (message, idx) < (?2, ?3) ORDER BY message DESC, idx DESC LIMIT ?4"
    ))?
    .query_map(params![project.0, before.message.0, before.idx, ROWS as i64], Letter::read)?
    .collect()
}
