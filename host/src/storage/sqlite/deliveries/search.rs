//! Looking for what a job takes: a page at a time, in the order of the deliveries, so that each is met once.

use nuncio_core::{DeliveryKey, EPOCH_MS, MessageId, ProjectId, QueueId, State, numbered};
use rusqlite::{Connection, Row, params};

use super::{
    block::Block,
    dead, deferred, read, state,
    view::{self, Aim, Head, Viewer},
};
use crate::storage::{Catch, END, Search, Selection, StoreError, Verb, sqlite::targets};

/// Rows of dead letters or waiting deliveries that one page looks at at most.
const ROWS: usize = 4096;

/// Messages that one page looks at at most.
const MESSAGES: usize = 512;

/// How much a job of `verb` has to look at: dead letters; or rows that wait and the messages above the low watermark.
pub(in crate::storage::sqlite) fn to_look_at(
    db: &Connection,
    log: u16,
    project: &str,
    verb: Verb,
) -> Result<u64, StoreError> {
    let Some(project) = targets::project(db, project)? else { return Ok(0) };
    let low = read::low(db, log)?.message.0;
    let count: i64 = match verb {
        Verb::Replay => db
            .prepare_cached("SELECT count(*) FROM dead WHERE project = ?1")?
            .query_row([project.0], |row| row.get(0))?,
        Verb::Cancel => db
            .prepare_cached(
                "SELECT (SELECT count(*) FROM deferred WHERE message < ?2)
                      + (SELECT count(*) FROM message WHERE project = ?1 AND id >= ?2)",
            )?
            .query_row(params![project.0, low], |row| row.get(0))?,
    };
    Ok(count.unsigned_abs())
}

/// A page of what a job takes.
pub(in crate::storage::sqlite) fn search(
    db: &Connection,
    log: u16,
    now: i64,
    search: &Search,
) -> Result<Catch, StoreError> {
    let nothing = Catch { keys: Vec::new(), looked: 0, next: END };
    let Some(project) = targets::project(db, &search.project)? else { return Ok(nothing) };
    let viewer = Viewer::new(db, log, now)?;
    let low = read::low(db, log)?.message;
    let after = match search.verb {
        Verb::Replay => search.after,
        Verb::Cancel => search.after.max(earliest(&search.filter.selection)),
    };
    let mut page = Page { search, project, after, viewer, caught: nothing };
    match search.verb {
        Verb::Replay => page.buried(db)?,
        // Below the watermark only rows wait; from it on, also what has no row yet.
        Verb::Cancel if after.message.0 + 1 < low.0 => page.rows(db, now, low)?,
        Verb::Cancel => page.messages(db)?,
    }
    Ok(page.caught)
}

/// What comes before every message that was accepted in a span of time: an id is never issued before its message is
/// accepted.
fn earliest(selection: &Selection) -> DeliveryKey {
    let ms = selection.from.map_or(0, |from| from.saturating_sub(EPOCH_MS).clamp(0, i64::MAX >> 22));
    DeliveryKey::new(MessageId((ms << 22) - 1), u32::MAX)
}

struct Page<'p> {
    search: &'p Search,
    project: ProjectId,
    after: DeliveryKey,
    viewer: Viewer<'p>,
    caught: Catch,
}

impl Page<'_> {
    /// Takes a delivery; whether the page is full.
    fn take(&mut self, key: DeliveryKey) -> bool {
        self.caught.keys.push(key);
        self.caught.keys.len() as u64 >= self.search.most
    }

    /// Dead letters.
    fn buried(&mut self, db: &Connection) -> Result<(), StoreError> {
        let letters = dead::after(db, self.project, self.after, ROWS)?;
        let whole = letters.len() < ROWS;
        for letter in letters {
            self.caught.looked += 1;
            self.caught.next = letter.key;
            let wanted = letter.at <= self.search.died_by
                && letter.is_wanted(&mut self.viewer, &self.search.filter.selection)?;
            if wanted && self.take(letter.key) {
                return Ok(());
            }
        }
        if whole {
            self.caught.next = END;
        }
        Ok(())
    }

    /// Rows of messages below `low`.
    fn rows(&mut self, db: &Connection, now: i64, low: MessageId) -> Result<(), StoreError> {
        let end = low.min(MessageId(self.search.newest.0.saturating_add(1)));
        let rows = deferred::after(db, self.after, end, ROWS)?;
        let whole = rows.len() < ROWS;
        for row in rows {
            self.caught.looked += 1;
            self.caught.next = row.key;
            let Some(aim) = self.viewer.aim(row.target)? else { continue };
            if aim.project != self.project || !aim.is_wanted(&self.search.filter.selection) {
                continue;
            }
            let state = state::of_row(&row, aim.ended, now);
            if self.is_open(state, &aim) && self.is_of_message(db, row.key.message)? && self.take(row.key) {
                return Ok(());
            }
        }
        if whole {
            let before = DeliveryKey::new(MessageId(low.0 - 1), u32::MAX);
            self.caught.next = if end < low { END } else { before };
        }
        Ok(())
    }

    /// Whether a message is one of those that are wanted; it is read only where that depends on it.
    fn is_of_message(&mut self, db: &Connection, id: MessageId) -> Result<bool, StoreError> {
        let wanted = &self.search.filter.selection;
        if wanted.queue.is_none() && wanted.from.is_none() && wanted.to.is_none() {
            return Ok(true);
        }
        match view::message(db, self.project, id)? {
            Some(message) => self.is_wanted(&message),
            None => Ok(false),
        }
    }

    fn is_wanted(&mut self, message: &Head) -> Result<bool, StoreError> {
        let wanted = &self.search.filter.selection;
        if !wanted.spans(message.created) {
            return Ok(false);
        }
        match &wanted.queue {
            Some(queue) => Ok(self.viewer.queue(message.queue)? == *queue),
            None => Ok(true),
        }
    }

    fn is_open(&self, state: State, aim: &Aim) -> bool {
        let state = match state {
            State::Waiting if self.search.stalled.contains(&aim.driver) => State::Held,
            other => other,
        };
        let wanted = self.search.filter.state;
        matches!(state, State::Waiting | State::Held) && wanted.is_none_or(|wanted| wanted == state)
    }

    /// How a delivery stands; `None` for one that retention is deleting.
    fn stands(&self, known: &Block, key: DeliveryKey, aim: &Aim) -> Option<State> {
        self.viewer.stand(known, key, aim).map(|stand| stand.state)
    }

    /// Deliveries of messages from the low watermark on.
    fn messages(&mut self, db: &Connection) -> Result<(), StoreError> {
        let heads: Vec<Head> = db
            .prepare_cached(
                "SELECT id, created, queue, matched FROM message WHERE project = ?1 AND id BETWEEN ?2 AND ?3
                 ORDER BY id LIMIT ?4",
            )?
            .query_and_then(
                params![self.project.0, self.after.message.0, self.search.newest.0, MESSAGES as i64],
                legible,
            )?
            .collect::<Result<_, StoreError>>()?;
        let whole = heads.len() < MESSAGES;
        for block in heads.chunk_by(|a, b| a.id.block() == b.id.block()) {
            let (Some(first), Some(last)) = (block.first(), block.last()) else { continue };
            let known = Block::read_between(db, first.id, last.id)?;
            for message in block {
                if self.message(message, &known)? {
                    return Ok(());
                }
                self.caught.looked += 1;
                self.caught.next = DeliveryKey::new(message.id, u32::MAX);
            }
        }
        if whole {
            self.caught.next = END;
        }
        Ok(())
    }

    /// Takes what is open of a message; whether the page is full.
    fn message(&mut self, message: &Head, known: &Block) -> Result<bool, StoreError> {
        if !self.is_wanted(message)? {
            return Ok(false);
        }
        for (first, one) in numbered(&message.matched) {
            let Some(aim) = self.viewer.aim(one.target)? else { continue };
            if !aim.is_wanted(&self.search.filter.selection) {
                continue;
            }
            for idx in first..first.saturating_add(one.addresses) {
                let key = DeliveryKey::new(message.id, idx);
                let open = key > self.after
                    && self.stands(known, key, &aim).is_some_and(|state| self.is_open(state, &aim));
                if !open {
                    continue;
                }
                self.caught.next = key;
                if self.take(key) {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }
}

/// A message. Targets that cannot be read are said and left out.
fn legible(row: &Row<'_>) -> Result<Head, StoreError> {
    match view::head(row) {
        Err(StoreError::Corrupt(why)) => {
            tracing::error!(why, "a message is left out of a job");
            let (id, queue) = (MessageId(row.get(0)?), QueueId(row.get(2)?));
            Ok(Head { id, created: row.get(1)?, queue, matched: Vec::new() })
        }
        read => read,
    }
}
