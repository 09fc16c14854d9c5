//! Looking for messages that are free: neither claimed nor delayed.

use nuncio_core::{MessageId, QueueId};
use rusqlite::params;

use crate::storage::{StoreError, sqlite::commit::Commit};

/// A message that nobody claims.
#[derive(Clone, Copy, Debug)]
pub(in crate::storage::sqlite) struct Free {
    pub(in crate::storage::sqlite) id: MessageId,
    /// How often it was claimed.
    pub(super) claims: i64,
    /// When its life ends, Unix milliseconds.
    pub(super) expires: i64,
}

/// What whoever takes messages does with the next one that is free.
pub(in crate::storage::sqlite) enum Step {
    /// It is hidden until then (Unix milliseconds), and more are wanted.
    More(i64),
    /// As `More`, and it was the last.
    Last(i64),
}

/// Gives the free messages of a queue to `each`, in order, until that has enough. Everything that `each` sees must then be
/// hidden or gone. About `want` messages are expected to be enough.
///
/// How far a queue is known to hold nothing free is remembered, so that whoever claims behind a hundred thousand claimed
/// messages does not walk over them.
pub(in crate::storage::sqlite) fn take(
    commit: &mut Commit<'_>,
    queue: QueueId,
    want: u32,
    mut each: impl FnMut(&mut Commit<'_>, Free) -> Result<Step, StoreError>,
) -> Result<(), StoreError> {
    let mut busy = commit.memory.busy(queue, commit.now);
    let mut size = want.clamp(1, PAGE);
    'pages: loop {
        let page = page(commit, queue, busy.upto, size)?;
        let end = page.len() < size as usize;
        for row in page {
            busy.upto = row.free.id;
            if row.hidden_until > commit.now {
                busy.until = busy.until.min(row.hidden_until);
                continue;
            }
            match each(commit, row.free)? {
                Step::More(until) => busy.until = busy.until.min(until),
                Step::Last(until) => {
                    busy.until = busy.until.min(until);
                    break 'pages;
                }
            }
        }
        if end {
            break;
        }
        size = PAGE;
    }
    commit.memory.keep_busy(queue, busy);
    Ok(())
}

struct Row {
    free: Free,
    hidden_until: i64,
}

/// Rows that are read at once, at most.
const PAGE: u32 = 256;

fn page(commit: &Commit<'_>, queue: QueueId, after: MessageId, size: u32) -> Result<Vec<Row>, StoreError> {
    let rows = commit
        .db
        .prepare_cached(
            "SELECT e.message, e.claims, e.expires, max(e.visible_at, e.claim_until)
             FROM queued e JOIN queue q ON q.id = e.queue
             WHERE e.queue = ?1 AND e.message > ?2 AND +e.expires > ?3 AND e.entered > q.floor
             ORDER BY e.message LIMIT ?4",
        )?
        .query_map(params![queue.0, after.0, commit.now, size], |row| {
            let free = Free { id: MessageId(row.get(0)?), claims: row.get(1)?, expires: row.get(2)? };
            Ok(Row { free, hidden_until: row.get(3)? })
        })?
        .collect::<Result<_, _>>()?;
    Ok(rows)
}
