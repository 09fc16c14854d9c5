//! A delivery as the API shows it.

use std::{collections::HashMap, sync::Arc};

use nuncio_core::{
    Cursor, DeliveryKey, Failure, LaneId, Matched, MessageId, ProjectId, QueueId, SubscriptionId, TargetId,
    numbered,
};
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::{
    block::Block,
    read, receipts,
    state::{self, Asked, Stand},
};
use crate::storage::{
    DeliveryView, Selection, StoreError,
    sqlite::{json, targets},
};

/// What is shown of a message.
pub(super) struct Head {
    pub(super) id: MessageId,
    pub(super) created: i64,
    pub(super) queue: QueueId,
    pub(super) matched: Vec<Matched>,
}

/// Reads a [`Head`] from `id, created, queue, matched`.
pub(super) fn head(row: &Row<'_>) -> Result<Head, StoreError> {
    Ok(Head {
        id: MessageId(row.get(0)?),
        created: row.get(1)?,
        queue: QueueId(row.get(2)?),
        matched: read::matched(row, 3)?,
    })
}

/// What is shown of a target.
pub(super) struct Aim {
    pub(super) project: ProjectId,
    pub(super) subscription: SubscriptionId,
    pub(super) lane: LaneId,
    pub(super) driver: String,
    pub(super) destination: String,
    pub(super) redacted: String,
    pub(super) addresses: Vec<String>,
    pub(super) ended: bool,
}

impl Aim {
    /// Whether a filter asks for deliveries of it.
    pub(super) fn is_wanted(&self, wanted: &Selection) -> bool {
        wanted.subscription.is_none_or(|one| one == self.subscription)
            && wanted.destination.as_ref().is_none_or(|one| *one == self.destination)
            && wanted.driver.as_ref().is_none_or(|one| *one == self.driver)
    }
}

/// Builds views of one committed state; what many deliveries share is read once.
pub(super) struct Viewer<'c> {
    db: &'c Connection,
    low: Cursor,
    now: i64,
    aims: HashMap<TargetId, Option<Arc<Aim>>>,
    queues: HashMap<QueueId, String>,
}

impl<'c> Viewer<'c> {
    pub(super) fn new(db: &'c Connection, log: u16, now: i64) -> Result<Self, StoreError> {
        let low = read::low(db, log)?;
        Ok(Self { db, low, now, aims: HashMap::new(), queues: HashMap::new() })
    }

    /// The target, `None` when it is not there.
    pub(super) fn aim(&mut self, target: TargetId) -> Result<Option<Arc<Aim>>, StoreError> {
        if let Some(known) = self.aims.get(&target) {
            return Ok(known.clone());
        }
        let aim = aim(self.db, target)?.map(Arc::new);
        self.aims.insert(target, aim.clone());
        Ok(aim)
    }

    /// The name of a queue, empty for none.
    pub(super) fn queue(&mut self, id: QueueId) -> rusqlite::Result<String> {
        if let Some(known) = self.queues.get(&id) {
            return Ok(known.clone());
        }
        let name: Option<String> = self
            .db
            .prepare_cached("SELECT name FROM queue WHERE id = ?1")?
            .query_row([id.0], |row| row.get(0))
            .optional()?;
        let name = name.unwrap_or_default();
        self.queues.insert(id, name.clone());
        Ok(name)
    }

    /// How a delivery stands; `None` for one that is no more.
    pub(super) fn stand(&self, known: &Block, key: DeliveryKey, aim: &Aim) -> Option<Stand> {
        state::of(known, key, Asked { low: self.low, ended: aim.ended, now: self.now })
    }

    /// The view of recipient `idx`, the one at `position` in its target.
    pub(super) fn view(
        &mut self,
        message: &Head,
        key: DeliveryKey,
        position: u32,
        aim: &Aim,
        stand: Stand,
    ) -> Result<DeliveryView, StoreError> {
        Ok(DeliveryView {
            key,
            state: stand.state,
            why: stand.why,
            at: stand.at,
            created: message.created,
            queue: self.queue(message.queue)?,
            subscription: aim.subscription,
            lane: aim.lane,
            driver: aim.driver.clone(),
            destination: aim.destination.clone(),
            redacted: aim.redacted.clone(),
            address: aim.addresses.get(position as usize).cloned().unwrap_or_default(),
            attempts: stand.attempts,
            reason: stand.reason,
            failures: Vec::new(),
            provider_id: String::new(),
            receipt: None,
        })
    }
}

fn aim(db: &Connection, target: TargetId) -> Result<Option<Aim>, StoreError> {
    let addresses = targets::opened("t", "addresses");
    db.prepare_cached(&format!(
        "SELECT t.subscription, l.id, l.driver, l.destination, t.redacted, {addresses}, coalesce(s.state = 2, 0),
         t.project FROM target t
         LEFT JOIN subscription s ON s.id = t.subscription LEFT JOIN target newest ON newest.id = s.target
         JOIN lane l ON l.id = iif(t.frozen = 0 AND t.recipients = 1 AND newest.recipients = 1, newest.lane, t.lane)
         WHERE t.id = ?1"
    ))?
    .query_and_then([target.0], |row| {
        let addresses: String = row.get(5)?;
        Ok(Aim {
            project: ProjectId(row.get(7)?),
            subscription: SubscriptionId(row.get(0)?),
            lane: LaneId(row.get(1)?),
            driver: row.get(2)?,
            destination: row.get(3)?,
            redacted: row.get(4)?,
            addresses: json::read("addresses", &addresses)?,
            ended: row.get(6)?,
        })
    })?
    .next()
    .transpose()
}

/// A delivery found by its key: all that a change by hand or a view needs of it.
pub(super) struct Found {
    pub(super) message: Head,
    pub(super) target: TargetId,
    pub(super) first: u32,
    pub(super) aim: Arc<Aim>,
    pub(super) known: Block,
    pub(super) stand: Stand,
}

/// The delivery of a project, by its name, under `key`.
pub(super) fn named(
    viewer: &mut Viewer<'_>,
    project: &str,
    key: DeliveryKey,
) -> Result<Option<Found>, StoreError> {
    match targets::project(viewer.db, project)? {
        Some(project) => find(viewer, project, key),
        None => Ok(None),
    }
}

/// The delivery of a project under `key`.
pub(super) fn find(
    viewer: &mut Viewer<'_>,
    project: ProjectId,
    key: DeliveryKey,
) -> Result<Option<Found>, StoreError> {
    let Some(message) = message(viewer.db, project, key.message)? else { return Ok(None) };
    let holds =
        |(first, one): &(u32, Matched)| *first <= key.idx && key.idx < first.saturating_add(one.addresses);
    let Some((first, one)) = numbered(&message.matched).find(holds) else { return Ok(None) };
    let aim = viewer.aim(one.target)?.ok_or_else(|| {
        StoreError::Corrupt(format!("message {} names target {}, which is not there", message.id, one.target))
    })?;
    let known = Block::read_one(viewer.db, key.message)?;
    let Some(stand) = viewer.stand(&known, key, &aim) else { return Ok(None) };
    Ok(Some(Found { message, target: one.target, first, aim, known, stand }))
}

/// A message of a project.
pub(super) fn message(
    db: &Connection,
    project: ProjectId,
    id: MessageId,
) -> Result<Option<Head>, StoreError> {
    db.prepare_cached("SELECT id, created, queue, matched FROM message WHERE id = ?1 AND project = ?2")?
        .query_and_then(params![id.0, project.0], head)?
        .next()
        .transpose()
}

/// One delivery, with its attempts.
pub(in crate::storage::sqlite) fn delivery(
    db: &Connection,
    log: u16,
    now: i64,
    project: &str,
    key: DeliveryKey,
) -> Result<Option<DeliveryView>, StoreError> {
    let mut viewer = Viewer::new(db, log, now)?;
    let Some(found) = named(&mut viewer, project, key)? else { return Ok(None) };
    let position = key.idx - found.first;
    let mut view = viewer.view(&found.message, key, position, &found.aim, found.stand)?;
    view.failures = failures(db, key)?;
    (view.provider_id, view.receipt) = receipts::shown(db, key)?;
    view.attempts = view.attempts.max(view.failures.last().map_or(0, |last| last.n));
    Ok(Some(view))
}

/// The failed attempts of a delivery, oldest first.
pub(super) fn failures(db: &Connection, key: DeliveryKey) -> Result<Vec<Failure>, StoreError> {
    db.prepare_cached(
        "SELECT n, at, ms, outcome, scope, code, reason, excerpt FROM attempt
         WHERE message = ?1 AND idx = ?2 ORDER BY n",
    )?
    .query_and_then(params![key.message.0, key.idx], |row| {
        let (outcome, scope): (String, String) = (row.get(3)?, row.get(4)?);
        Ok(Failure {
            n: row.get(0)?,
            at: row.get(1)?,
            ms: row.get(2)?,
            outcome: json::read("attempt.outcome", &outcome)?,
            scope: json::read("attempt.scope", &scope)?,
            code: row.get(5)?,
            reason: row.get(6)?,
            excerpt: row.get(7)?,
        })
    })?
    .collect()
}
