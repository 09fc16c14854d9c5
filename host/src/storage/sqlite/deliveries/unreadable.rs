//! Rows of `deferred` that cannot be read: buried with their reason, so that they hold up nothing.

use nuncio_core::{DeliveryKey, Matched, MessageId, State, numbered, packed};
use rusqlite::{OptionalExtension, params};

use crate::storage::{StoreError, sqlite::commit::Commit};

/// A row that cannot be read, as far as it can.
#[derive(Clone, Debug)]
pub(in crate::storage::sqlite) struct Unreadable {
    pub(super) message: i64,
    pub(super) idx: i64,
    pub(super) lane: i64,
    pub(super) due: i64,
    pub(super) why: String,
}

impl Unreadable {
    /// The delivery that it is about, if there can be one.
    pub(super) fn key(&self) -> Option<DeliveryKey> {
        u32::try_from(self.idx).ok().map(|idx| DeliveryKey::new(MessageId(self.message), idx))
    }
}

/// Buries what the rows were about. Those that are about no delivery are removed.
pub(in crate::storage::sqlite) fn bury(
    commit: &mut Commit<'_>,
    rows: &[Unreadable],
) -> Result<(), StoreError> {
    for row in rows {
        tracing::error!(
            message = row.message,
            idx = row.idx,
            why = row.why,
            "a waiting delivery cannot be read: it is buried"
        );
        let removed = commit
            .db
            .prepare_cached("DELETE FROM deferred WHERE message = ?1 AND idx = ?2")?
            .execute(params![row.message, row.idx])?;
        if removed > 0
            && let Some(key) = row.key()
        {
            bury_one(commit, row, key)?;
        }
    }
    Ok(())
}

fn bury_one(commit: &mut Commit<'_>, row: &Unreadable, key: DeliveryKey) -> Result<(), StoreError> {
    let message: Option<(i64, i64, Vec<u8>)> = commit
        .db
        .prepare_cached("SELECT project, queue, matched FROM message WHERE id = ?1")?
        .query_row([key.message.0], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .optional()?;
    let Some((project, queue, matched)) = message else { return Ok(()) };
    let matched = packed::read_matched(&matched).unwrap_or_default();
    let holds =
        |(first, one): &(u32, Matched)| *first <= key.idx && key.idx < first.saturating_add(one.addresses);
    let Some((first, one)) = numbered(&matched).find(holds) else { return Ok(()) };
    commit
        .db
        .prepare_cached(
            "INSERT OR REPLACE INTO dead (message, idx, first, target, lane, project, queue, at, attempts, reason)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8,
             (SELECT coalesce(max(n), 0) FROM attempt WHERE message = ?1 AND idx = ?2), ?9)",
        )?
        .execute(params![
            key.message.0,
            key.idx,
            first,
            one.target.0,
            row.lane,
            project,
            queue,
            commit.now,
            format!("its row in the store could not be read: {}", row.why),
        ])?;
    commit.tally.count(State::Dead, 1);
    Ok(())
}
