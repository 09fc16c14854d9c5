//! What the far side says of a delivery after it took it: matched, written down, and where it took the delivery back
//! after all, a dead letter.
//!
//! A receipt may come before the commit that says that the delivery was taken. The writer is one thread, so it either finds
//! the row of the delivery, or leaves its word where that commit looks.

use nuncio_core::{DeliveryKey, MessageId, Outcome, ProjectId, State};
use rusqlite::{Connection, OptionalExtension, params};

use super::view::{self, Found, Viewer};
use crate::storage::{
    GoneLater, ReceiptView, ReceiptWord, Sent, StoreError,
    sqlite::{commit::Commit, early},
};

/// Remembers what the far side calls a delivery that it took, and hears what it said of it already.
pub(in crate::storage::sqlite) fn remember(commit: &mut Commit<'_>, sent: &Sent) -> Result<(), StoreError> {
    let Sent { key, driver, provider_id } = sent;
    clear(commit.db, *key)?;
    let ids: Vec<&str> = provider_id.split_ascii_whitespace().collect();
    for (part, id) in ids.iter().enumerate() {
        insert(commit.db, *key, part, driver, id)?;
    }
    for word in early::take(commit, *key, driver, &ids)? {
        hear(commit, driver, &word)?;
    }
    Ok(())
}

/// Forgets what the far side said of a delivery that is sent again: it has new ids then, and what was said of the old ones is no
/// longer of it.
pub(super) fn forget(commit: &Commit<'_>, key: DeliveryKey) -> Result<(), StoreError> {
    clear(commit.db, key)?;
    early::forget(commit, key)
}

fn clear(db: &Connection, key: DeliveryKey) -> rusqlite::Result<()> {
    db.prepare_cached("DELETE FROM receipt WHERE message = ?1 AND idx = ?2")?
        .execute(params![key.message.0, key.idx])
        .map(drop)
}

/// Takes receipts of a driver. One that fits no delivery waits for a while.
pub(in crate::storage::sqlite) fn take(
    commit: &mut Commit<'_>,
    driver: &str,
    words: &[ReceiptWord],
) -> Result<(), StoreError> {
    for word in words {
        if !hear(commit, driver, word)? {
            early::wait(commit, driver, word)?;
        }
    }
    Ok(())
}

fn insert(db: &Connection, key: DeliveryKey, part: usize, driver: &str, id: &str) -> Result<(), StoreError> {
    db.prepare_cached(
        "INSERT INTO receipt (message, idx, part, driver, provider_id) VALUES (?1, ?2, ?3, ?4, ?5)",
    )?
    .execute(params![key.message.0, key.idx, part as i64, driver, id])?;
    Ok(())
}

/// Writes down what a receipt says of its delivery. `false`: there is none that it fits.
fn hear(commit: &mut Commit<'_>, driver: &str, word: &ReceiptWord) -> Result<bool, StoreError> {
    let Some(key) = named(commit, driver, word)? else { return Ok(false) };
    let changed = commit
        .db
        .prepare_cached(
            // What is final stays so, and a delay says nothing new of what was delayed.
            "UPDATE receipt SET outcome = ?5, code = ?6, reason = ?7, at = ?8
             WHERE message = ?1 AND idx = ?2 AND driver = ?3 AND (?4 = '' OR provider_id = ?4) AND outcome IN (0, 2)",
        )?
        .execute(params![
            key.message.0,
            key.idx,
            driver,
            only(commit.db, key, &word.provider_id)?,
            code(word.outcome),
            word.code,
            word.reason,
            word.at,
        ])?;
    if changed > 0 && matches!(word.outcome, Outcome::Rejected | Outcome::Gone) {
        take_back(commit, key, word)?;
    }
    Ok(true)
}

/// The part that a receipt is of; empty for all of them.
fn only<'a>(db: &Connection, key: DeliveryKey, id: &'a str) -> rusqlite::Result<&'a str> {
    let known = db
        .prepare_cached("SELECT 1 FROM receipt WHERE message = ?1 AND idx = ?2 AND provider_id = ?3")?
        .exists(params![key.message.0, key.idx, id])?;
    Ok(if known { id } else { "" })
}

/// The delivery of `driver` that a receipt is of, if the far side has taken it.
fn named(commit: &Commit<'_>, driver: &str, word: &ReceiptWord) -> Result<Option<DeliveryKey>, StoreError> {
    let db = commit.db;
    if !word.provider_id.is_empty() {
        // The far side may count from the beginning again: then the newest is meant.
        let found = db
            .prepare_cached(
                "SELECT message, idx FROM receipt WHERE driver = ?1 AND provider_id = ?2
                 ORDER BY message DESC LIMIT 1",
            )?
            .query_row(params![driver, word.provider_id], |row| {
                Ok(DeliveryKey::new(MessageId(row.get(0)?), row.get(1)?))
            })
            .optional()?;
        // An id of the driver's names one message, and the far side's which of its recipients.
        if let Some(key) = found.filter(|key| word.delivery.is_none_or(|one| one.message == key.message)) {
            return Ok(Some(key));
        }
    }
    let Some(key) = word.delivery else { return Ok(None) };
    let known: Vec<(String, String)> = db
        .prepare_cached("SELECT driver, provider_id FROM receipt WHERE message = ?1 AND idx = ?2")?
        .query_map(params![key.message.0, key.idx], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<Result<_, _>>()?;
    if let Some((of, _)) = known.first() {
        let fits = of == driver && may_be_of(&word.provider_id, known.iter().map(|(_, id)| id.as_str()));
        return Ok(fits.then_some(key));
    }
    // The far side gave it no id of its own.
    let Some(found) = found(commit, key)? else { return Ok(None) };
    if found.stand.state != State::Delivered || found.aim.driver != driver {
        return Ok(None);
    }
    insert(db, key, 0, driver, &word.provider_id)?;
    Ok(Some(key))
}

/// Whether a receipt that names a delivery and `id` may be of the attempt that the far side calls `known`: another id is that
/// of an earlier attempt.
pub(in crate::storage::sqlite) fn may_be_of<'a>(id: &str, known: impl IntoIterator<Item = &'a str>) -> bool {
    let mut known = known.into_iter().filter(|one| !one.is_empty()).peekable();
    id.is_empty() || known.peek().is_none() || known.any(|one| one == id)
}

fn found(commit: &Commit<'_>, key: DeliveryKey) -> Result<Option<Found>, StoreError> {
    let project = commit
        .db
        .prepare_cached("SELECT project FROM message WHERE id = ?1")?
        .query_row([key.message.0], |row| row.get(0).map(ProjectId))
        .optional()?;
    let Some(project) = project else { return Ok(None) };
    view::find(&mut Viewer::new(commit.db, commit.log, commit.now)?, project, key)
}

/// A delivery that was taken is not delivered after all.
fn take_back(commit: &mut Commit<'_>, key: DeliveryKey, word: &ReceiptWord) -> Result<(), StoreError> {
    let Some(found) = found(commit, key)? else { return Ok(()) };
    if found.stand.state != State::Delivered {
        return Ok(());
    }
    commit
        .db
        .prepare_cached(
            "INSERT OR REPLACE INTO dead (message, idx, first, target, lane, project, queue, at, attempts, reason)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
        )?
        .execute(params![
            key.message.0,
            key.idx,
            found.first,
            found.target.0,
            found.aim.lane.0,
            found.aim.project.0,
            found.message.queue.0,
            commit.now,
            found.stand.attempts,
            reason(word),
        ])?;
    commit.tally.count(State::Delivered, -1);
    commit.tally.count(State::Dead, 1);
    if word.outcome == Outcome::Gone {
        let (target, place) = (found.target, key.idx.saturating_sub(found.first));
        let gone = GoneLater { target, place, sent: found.stand.at, reason: word.reason.clone() };
        commit.published.gone_later.push(gone);
    }
    Ok(())
}

/// Why a delivery is a dead letter that was accepted before.
fn reason(word: &ReceiptWord) -> String {
    let verb = if word.outcome == Outcome::Gone { "gone" } else { "rejected" };
    let code = if word.code > 0 { format!(" {}", word.code) } else { String::new() };
    let words = if word.reason.is_empty() { "no reason is given" } else { &word.reason };
    format!("{verb} by a receipt{code}: {words}")
}

/// What the far side calls a delivery, and what its receipts come to.
pub(super) fn shown(db: &Connection, key: DeliveryKey) -> Result<(String, Option<ReceiptView>), StoreError> {
    let mut rows = db.prepare_cached(
        "SELECT provider_id, outcome, code, reason, at FROM receipt WHERE message = ?1 AND idx = ?2 ORDER BY part",
    )?;
    let parts: Vec<(String, Option<ReceiptView>)> = rows
        .query_map(params![key.message.0, key.idx], |row| {
            let outcome = outcome(row.get(1)?);
            let (code, reason, at) = (row.get(2)?, row.get(3)?, row.get(4)?);
            Ok((row.get(0)?, outcome.map(|outcome| ReceiptView { outcome, code, reason, at })))
        })?
        .collect::<Result<_, _>>()?;
    let ids: Vec<&str> = parts.iter().map(|(id, _)| id.as_str()).filter(|id| !id.is_empty()).collect();
    let ids = ids.join(" ");
    Ok((ids, together(parts.into_iter().map(|(_, one)| one).collect())))
}

/// What the receipts of all parts come to: one that failed says it for all, and all must have arrived to say that.
fn together(parts: Vec<Option<ReceiptView>>) -> Option<ReceiptView> {
    let whole = parts.iter().all(Option::is_some);
    let worth = |one: &ReceiptView| match one.outcome {
        Outcome::Gone => 3,
        Outcome::Rejected => 2,
        Outcome::Deferred => 1,
        Outcome::Delivered => 0,
    };
    let worst = parts.into_iter().flatten().max_by_key(|one| (worth(one), one.at))?;
    (whole || worst.outcome != Outcome::Delivered).then_some(worst)
}

/// An outcome as it is stored.
pub(in crate::storage::sqlite) const fn code(outcome: Outcome) -> u8 {
    match outcome {
        Outcome::Delivered => 1,
        Outcome::Deferred => 2,
        Outcome::Rejected => 3,
        Outcome::Gone => 4,
    }
}

/// The outcome of a stored code; none for nothing yet.
pub(in crate::storage::sqlite) const fn outcome(code: u8) -> Option<Outcome> {
    match code {
        1 => Some(Outcome::Delivered),
        2 => Some(Outcome::Deferred),
        3 => Some(Outcome::Rejected),
        4 => Some(Outcome::Gone),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn view(outcome: Outcome, at: i64) -> Option<ReceiptView> {
        Some(ReceiptView { outcome, code: 0, reason: String::new(), at })
    }

    #[test]
    fn all_parts_delivered_is_delivered_and_one_that_failed_says_it_for_all() {
        use Outcome::{Deferred, Delivered, Gone, Rejected};
        let of = |parts: &[Option<ReceiptView>]| together(parts.to_vec()).map(|one| (one.outcome, one.at));
        assert_eq!(of(&[]), None);
        assert_eq!(of(&[view(Delivered, 1), None]), None);
        assert_eq!(of(&[view(Delivered, 1), view(Delivered, 3)]), Some((Delivered, 3)));
        assert_eq!(of(&[view(Rejected, 1), None]), Some((Rejected, 1)));
        assert_eq!(of(&[view(Deferred, 5), view(Delivered, 9)]), Some((Deferred, 5)));
        assert_eq!(of(&[view(Rejected, 1), view(Gone, 2), view(Delivered, 3)]), Some((Gone, 2)));
    }

    #[test]
    fn every_outcome_comes_back_from_its_code() {
        for one in [Outcome::Delivered, Outcome::Deferred, Outcome::Rejected, Outcome::Gone] {
            assert_eq!(outcome(code(one)), Some(one));
        }
        assert_eq!((outcome(0), outcome(5)), (None, None));
    }
}
