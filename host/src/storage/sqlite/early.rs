//! Receipts that came before their delivery was written down, or that are of none: so many, for so long.

use nuncio_core::{DeliveryKey, MessageId};
use rusqlite::{Row, params};

use super::{
    commit::Commit,
    deliveries::{may_be_of, outcome, outcome_code},
};
use crate::storage::{ReceiptWord, StoreError};

/// Keeps a receipt for a delivery that may still be written down; the oldest makes room.
pub(super) fn wait(commit: &Commit<'_>, driver: &str, word: &ReceiptWord) -> Result<(), StoreError> {
    let key = word.delivery.unwrap_or(DeliveryKey::new(MessageId(0), 0));
    commit
        .db
        .prepare_cached(
            "INSERT INTO early (driver, provider_id, message, idx, outcome, code, reason, at, since)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        )?
        .execute(params![
            driver,
            word.provider_id,
            key.message.0,
            key.idx,
            outcome_code(word.outcome),
            word.code,
            word.reason,
            word.at,
            commit.now,
        ])?;
    let most = i64::try_from(commit.limits.waiting_receipts).unwrap_or(i64::MAX);
    commit
        .db
        .prepare_cached("DELETE FROM early WHERE seq <= ?1")?
        .execute([commit.db.last_insert_rowid().saturating_sub(most)])?;
    Ok(())
}

/// Takes out what was said of a delivery before it was written down, in its order. The far side calls it `ids`.
pub(super) fn take(
    commit: &Commit<'_>,
    key: DeliveryKey,
    driver: &str,
    ids: &[&str],
) -> Result<Vec<ReceiptWord>, StoreError> {
    let mut found = Vec::new();
    let mut rows = commit.db.prepare_cached(
        "DELETE FROM early WHERE driver = ?1 AND provider_id = ?2 AND (message = 0 OR message = ?3)
         RETURNING seq, message, idx, provider_id, outcome, code, reason, at, since",
    )?;
    for id in ids {
        found.extend(
            rows.query_and_then(params![driver, id, key.message.0], read)?.collect::<Result<Vec<_>, _>>()?,
        );
    }
    let mut rows = commit.db.prepare_cached(
        "DELETE FROM early WHERE message = ?1 AND idx = ?2 AND driver = ?3 AND message > 0
         RETURNING seq, message, idx, provider_id, outcome, code, reason, at, since",
    )?;
    let named = rows.query_and_then(params![key.message.0, key.idx, driver], read)?;
    found.extend(named.collect::<Result<Vec<_>, _>>()?);
    found.sort_by_key(|(seq, ..)| *seq);
    let since = commit.now.saturating_sub(patience(commit));
    let holds =
        |at: i64, word: &ReceiptWord| at >= since && may_be_of(&word.provider_id, ids.iter().copied());
    Ok(found.into_iter().filter(|(_, at, word)| holds(*at, word)).map(|(.., word)| word).collect())
}

/// Removes what waits for a delivery by its id.
pub(super) fn forget(commit: &Commit<'_>, key: DeliveryKey) -> Result<(), StoreError> {
    commit
        .db
        .prepare_cached("DELETE FROM early WHERE message = ?1 AND idx = ?2 AND message > 0")?
        .execute(params![key.message.0, key.idx])?;
    Ok(())
}

/// Removes a slice of those that have waited long enough; whether there may be more.
pub(super) fn tidy(commit: &Commit<'_>, slice: i64) -> Result<bool, StoreError> {
    let gone = commit
        .db
        .prepare_cached(
            "DELETE FROM early WHERE seq IN (SELECT seq FROM early WHERE since < ?1 ORDER BY since LIMIT ?2)",
        )?
        .execute(params![commit.now.saturating_sub(patience(commit)), slice])?;
    Ok(gone as i64 >= slice)
}

fn patience(commit: &Commit<'_>) -> i64 {
    i64::try_from(commit.limits.receipts_wait.as_millis()).unwrap_or(i64::MAX)
}

/// The number of a row, since when it waits, and what it says.
fn read(row: &Row<'_>) -> Result<(i64, i64, ReceiptWord), StoreError> {
    let key = DeliveryKey::new(MessageId(row.get(1)?), row.get(2)?);
    let outcome =
        outcome(row.get(4)?).ok_or_else(|| StoreError::Corrupt("outcome of a receipt".to_owned()))?;
    let word = ReceiptWord {
        delivery: (key.message.0 > 0).then_some(key),
        provider_id: row.get(3)?,
        outcome,
        code: row.get(5)?,
        reason: row.get(6)?,
        at: row.get(7)?,
    };
    Ok((row.get(0)?, row.get(8)?, word))
}
