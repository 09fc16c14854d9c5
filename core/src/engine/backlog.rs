//! The backlog cursor: what was committed and not taken into memory is read back from here.

use crate::{Cursor, MessageId};

/// Times by the clock of message ids, which never goes back, Unix milliseconds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Handed {
    /// When the highest id that is known was issued.
    pub(super) issued: i64,
    /// What was issued before was handed over.
    pub(super) below: i64,
}

/// How far messages were handed over.
#[derive(Debug, Default)]
pub(super) struct Backlog {
    /// The first delivery that was not taken; `None` while the engine is live.
    cursor: Option<Cursor>,
    /// The highest message known to be committed.
    head: MessageId,
    /// Up to here, what the store holds may be older than what the cursor brings.
    recovery: Option<MessageId>,
}

impl Backlog {
    /// Starts to read back from `low`.
    pub(super) fn start(&mut self, low: Cursor, head: MessageId) {
        *self = Self { cursor: Some(low), head, recovery: Some(head) };
    }

    /// Where to read on, if there is a backlog.
    pub(super) fn cursor(&self) -> Option<Cursor> {
        self.cursor
    }

    /// How far messages were handed over, as the ids tell time.
    pub(super) fn handed(&self) -> Handed {
        let below = self.cursor.map_or(i64::MAX, |cursor| cursor.message.issued_ms());
        Handed { issued: self.head.issued_ms(), below }
    }

    /// Whether deliveries that were in memory before the restart may still be behind the cursor.
    pub(super) fn recovering(&self) -> bool {
        self.recovery.is_some()
    }

    /// Whether a committed message is handed over now: it is new, and there is no backlog before it.
    pub(super) fn takes(&self, message: MessageId) -> bool {
        self.cursor.is_none() && message > self.head
    }

    /// From here on nothing is taken any more.
    pub(super) fn stop_at(&mut self, cursor: Cursor) {
        self.cursor = Some(cursor);
    }

    /// Messages up to `head` are committed.
    pub(super) fn committed(&mut self, head: MessageId) {
        self.head = self.head.max(head);
    }

    /// A page was taken up to `next`. Says whether recovery ended with it.
    pub(super) fn advance(&mut self, next: Cursor, reached: Option<MessageId>) -> bool {
        let end = reached.is_some_and(|reached| reached >= self.head);
        self.committed(reached.unwrap_or_default());
        self.cursor = (!end).then_some(next);
        let over = self.recovery.is_some_and(|to| end || next.message > to);
        if over {
            self.recovery = None;
        }
        over
    }

    /// Everything before it was handed over.
    pub(super) fn low(&self) -> Cursor {
        self.cursor.unwrap_or(Cursor { message: MessageId(self.head.0.saturating_add(1)), idx: 0 })
    }
}
