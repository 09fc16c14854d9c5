//! Listing a project's deliveries: a walk over its messages, newest first, bounded a call.

use nuncio_core::{DeliveryKey, MessageId, State, TargetId, numbered};
use rusqlite::{Connection, params};

use super::{
    block::Block,
    dead,
    view::{self, Aim, Head, Viewer},
};
use crate::storage::{DeliveryFilter, DeliveryPage, StoreError, sqlite::targets};

/// Messages that one call walks over at most.
const MESSAGES: usize = 2000;

/// Deliveries that one call looks at at most.
const DELIVERIES: usize = 20_000;

/// A page of deliveries.
pub(in crate::storage::sqlite) fn list(
    db: &Connection,
    log: u16,
    now: i64,
    project: &str,
    filter: &DeliveryFilter,
) -> Result<DeliveryPage, StoreError> {
    let Some(project) = targets::project(db, project)? else { return Ok(DeliveryPage::default()) };
    let before = filter.before.unwrap_or(DeliveryKey::new(MessageId(i64::MAX), 0));
    if filter.state == Some(State::Dead) {
        return dead::list(db, log, now, project, filter, before);
    }
    let mut walk =
        Walk { viewer: Viewer::new(db, log, now)?, filter, page: DeliveryPage::default(), seen: 0 };
    let mut messages = db.prepare_cached(
        "SELECT id, created, queue, matched FROM message WHERE project = ?1 AND id <= ?2 ORDER BY id DESC",
    )?;
    let mut rows = messages.query(params![project.0, before.message.0])?;
    let mut block: Option<(i64, Block)> = None;
    let mut walked = 0;
    while let Some(row) = rows.next()? {
        let id = MessageId(row.get(0)?);
        // An id is never issued before its message is accepted: what follows is older still.
        if filter.selection.from.is_some_and(|from| id.issued_ms() < from) {
            break;
        }
        if walked == MESSAGES {
            // Before the first recipient of the message after this one: this one is still to come.
            walk.page.next = Some(DeliveryKey::new(MessageId(id.0 + 1), 0));
            return Ok(walk.page);
        }
        walked += 1;
        let known = match block.take() {
            Some((number, known)) if number == id.block() => known,
            _ => Block::read_to(db, id)?,
        };
        match view::head(row) {
            Ok(message) => {
                let end = if id == before.message { before.idx } else { u32::MAX };
                if walk.message(&message, end, &known)? {
                    return Ok(walk.page);
                }
            }
            Err(error) => tracing::error!(message = %id, %error, "a message is left out of a list"),
        }
        block = Some((id.block(), known));
    }
    Ok(DeliveryPage { next: None, ..walk.page })
}

struct Walk<'w> {
    viewer: Viewer<'w>,
    filter: &'w DeliveryFilter,
    page: DeliveryPage,
    seen: usize,
}

impl Walk<'_> {
    /// Walks over the deliveries of a message below `end`, last first; whether the page ended there.
    fn message(&mut self, message: &Head, end: u32, known: &Block) -> Result<bool, StoreError> {
        if !self.filter.selection.spans(message.created) {
            return Ok(false);
        }
        if let Some(queue) = &self.filter.selection.queue
            && self.viewer.queue(message.queue)? != *queue
        {
            return Ok(false);
        }
        let targets: Vec<_> = numbered(&message.matched).collect();
        for (first, one) in targets.into_iter().rev().filter(|(first, _)| *first < end) {
            let Some(aim) = self.aim(message, one.target)? else { continue };
            if !aim.is_wanted(&self.filter.selection) {
                continue;
            }
            for position in (0..one.addresses.min(end - first)).rev() {
                let key = DeliveryKey::new(message.id, first + position);
                if self.is_full() {
                    return Ok(true);
                }
                self.delivery(message, key, position, &aim, known)?;
                self.page.next = Some(key);
            }
        }
        Ok(false)
    }

    fn aim(&mut self, message: &Head, target: TargetId) -> Result<Option<std::sync::Arc<Aim>>, StoreError> {
        let aim = self.viewer.aim(target)?;
        if aim.is_none() {
            tracing::error!(message = %message.id, %target, "a message names a target that is not there");
        }
        Ok(aim)
    }

    fn is_full(&self) -> bool {
        self.page.deliveries.len() >= self.filter.limit as usize || self.seen >= DELIVERIES
    }

    fn delivery(
        &mut self,
        message: &Head,
        key: DeliveryKey,
        position: u32,
        aim: &Aim,
        known: &Block,
    ) -> Result<(), StoreError> {
        self.seen += 1;
        let Some(stand) = self.viewer.stand(known, key, aim) else { return Ok(()) };
        if self.filter.state.is_none_or(|wanted| wanted == stand.state)
            && self.filter.selection.takes_reason(&stand.reason)
        {
            let view = self.viewer.view(message, key, position, aim, stand)?;
            self.page.deliveries.push(view);
        }
        Ok(())
    }
}
