//! What stands of the deliveries of one block of message ids: read once for a page.

use std::collections::{HashMap, HashSet};

use nuncio_core::{
    Deferred, DeliveryKey, MessageId, State,
    packed::{self, Ended},
};
use rusqlite::{Connection, params};

use super::{deferred, unreadable::Unreadable};
use crate::storage::StoreError;

/// A dead letter, as much as a state says of it.
#[derive(Clone, Debug)]
pub(super) struct Dead {
    pub(super) at: i64,
    pub(super) attempts: u32,
    pub(super) reason: String,
}

/// Rows and packed entries of one block.
#[derive(Default)]
pub(in crate::storage::sqlite) struct Block {
    pub(super) ended: HashMap<DeliveryKey, Ended>,
    pub(super) deferred: HashMap<DeliveryKey, Deferred>,
    /// What waits in a row that cannot be read: it is buried when its lane is read.
    pub(super) unreadable: HashSet<DeliveryKey>,
    pub(super) dead: HashMap<DeliveryKey, Dead>,
}

impl Block {
    /// Reads what concerns messages from `from` on to the end of its block.
    pub(in crate::storage::sqlite) fn read_from(
        db: &Connection,
        from: MessageId,
    ) -> Result<Self, StoreError> {
        Self::read(db, from, MessageId((from.block() + 1) << 30))
    }

    /// Reads what concerns messages up to `to` from the beginning of its block.
    pub(super) fn read_to(db: &Connection, to: MessageId) -> Result<Self, StoreError> {
        Self::read(db, MessageId(to.block() << 30), MessageId(to.0.saturating_add(1)))
    }

    /// Reads what concerns messages from `first` to `last`, both of one block.
    pub(super) fn read_between(
        db: &Connection,
        first: MessageId,
        last: MessageId,
    ) -> Result<Self, StoreError> {
        Self::read(db, first, MessageId(last.0.saturating_add(1)))
    }

    /// Reads what concerns one message.
    pub(super) fn read_one(db: &Connection, message: MessageId) -> Result<Self, StoreError> {
        Self::read_between(db, message, message)
    }

    /// From `from` to `to`, exclusive, both of one block.
    fn read(db: &Connection, from: MessageId, to: MessageId) -> Result<Self, StoreError> {
        let inside = |message: MessageId| from <= message && message < to;
        let ended = entries(db, from.block())?
            .into_iter()
            .filter(|one| inside(one.key.message))
            .map(|one| (one.key, one))
            .collect();
        let page = deferred::between(db, from, to)?;
        let unreadable = page.unreadable.iter().filter_map(Unreadable::key).collect();
        let deferred = page.rows.into_iter().map(|row| (row.key, row)).collect();
        Ok(Self { ended, deferred, unreadable, dead: dead(db, from, to)? })
    }

    /// How a delivery ended, if it has.
    pub(in crate::storage::sqlite) fn settled(&self, key: DeliveryKey) -> Option<State> {
        if self.dead.contains_key(&key) {
            return Some(State::Dead);
        }
        if self.deferred.contains_key(&key) || self.unreadable.contains(&key) {
            return None;
        }
        self.ended.get(&key).map(|entry| entry.state)
    }

    /// Whether a delivery is settled or stands in a row of its own: what recovery leaves out.
    pub(super) fn names(&self, key: DeliveryKey) -> bool {
        self.ended.contains_key(&key)
            || self.deferred.contains_key(&key)
            || self.unreadable.contains(&key)
            || self.dead.contains_key(&key)
    }
}

/// The packed entries of a block, oldest first. One that cannot be read is said and left out: what it ended is
/// delivered again rather than lost.
pub(in crate::storage::sqlite) fn entries(db: &Connection, block: i64) -> Result<Vec<Ended>, StoreError> {
    let mut all = Vec::new();
    let mut rows = db.prepare_cached("SELECT seq, packed FROM outcome WHERE block = ?1 ORDER BY seq")?;
    let mut rows = rows.query([block])?;
    while let Some(row) = rows.next()? {
        match packed::read_outcomes(row.get_ref(1)?.as_blob().unwrap_or_default()) {
            Ok(mut entries) => all.append(&mut entries),
            Err(error) => {
                let seq: i64 = row.get(0)?;
                tracing::error!(seq, block, %error, "outcomes cannot be read: their deliveries are made again");
            }
        }
    }
    Ok(all)
}

fn dead(db: &Connection, from: MessageId, to: MessageId) -> Result<HashMap<DeliveryKey, Dead>, StoreError> {
    let rows = db
        .prepare_cached(
            "SELECT message, idx, at, attempts, reason FROM dead WHERE message >= ?1 AND message < ?2",
        )?
        .query_map(params![from.0, to.0], |row| {
            let key = DeliveryKey::new(MessageId(row.get(0)?), row.get(1)?);
            Ok((key, Dead { at: row.get(2)?, attempts: row.get(3)?, reason: row.get(4)? }))
        })?
        .collect::<Result<_, _>>()?;
    Ok(rows)
}
