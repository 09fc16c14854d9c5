//! How a delivery stands: a total function of what is stored.

use nuncio_core::{Cursor, Deferred, DeliveryKey, State, Why};

use super::block::Block;

/// How a delivery stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Stand {
    pub(super) state: State,
    pub(super) why: Option<Why>,
    pub(super) at: i64,
    pub(super) attempts: u32,
    pub(super) reason: String,
}

/// When and for whom a state is asked.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked {
    /// The low watermark: below it everything has an entry.
    pub(super) low: Cursor,
    /// Whether its subscription has ended: what waits is cancelled then.
    pub(super) ended: bool,
    /// Unix milliseconds.
    pub(super) now: i64,
}

/// The first that applies: a dead letter, a `deferred` row, the latest packed entry, the backlog.
/// Below the watermark everything has an entry or a row: without any, retention is deleting it, and it is no more.
pub(super) fn of(known: &Block, key: DeliveryKey, asked: Asked) -> Option<Stand> {
    if let Some(dead) = known.dead.get(&key) {
        let reason = dead.reason.clone();
        return Some(Stand { state: State::Dead, why: None, at: dead.at, attempts: dead.attempts, reason });
    }
    if let Some(row) = known.deferred.get(&key) {
        let state = of_row(row, asked.ended, asked.now);
        return Some(Stand { why: Some(row.why), ..plain(state, row.due.max(row.not_before), row.n) });
    }
    if known.unreadable.contains(&key) {
        return Some(plain(waiting(asked.ended, false), 0, 0));
    }
    if let Some(entry) = known.ended.get(&key) {
        return Some(plain(entry.state, entry.at, entry.n));
    }
    let is_hot = Cursor { message: key.message, idx: key.idx } >= asked.low;
    is_hot.then(|| plain(waiting(asked.ended, false), 0, 0))
}

/// How a delivery with a `deferred` row stands at `now`.
pub(super) const fn of_row(row: &Deferred, ended: bool, now: i64) -> State {
    waiting(ended, is_held(row.why, row.due, now))
}

fn plain(state: State, at: i64, attempts: u32) -> Stand {
    Stand { state, why: None, at, attempts, reason: String::new() }
}

const fn waiting(ended: bool, held: bool) -> State {
    match (ended, held) {
        (true, _) => State::Cancelled,
        (false, true) => State::Held,
        (false, false) => State::Waiting,
    }
}

const fn is_held(why: Why, due: i64, now: i64) -> bool {
    match why {
        Why::Held | Why::Stopped | Why::Unconfirmed => true,
        Why::Scheduled => due > now,
        Why::Retry | Why::Spilled => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use nuncio_core::MessageId;

    const KEY: DeliveryKey = DeliveryKey::new(MessageId(5), 1);

    fn asked(low: i64, ended: bool) -> Asked {
        Asked { low: Cursor { message: MessageId(low), idx: 0 }, ended, now: 100 }
    }

    #[test]
    fn below_the_watermark_what_nothing_is_known_of_is_no_more() {
        assert_eq!(of(&Block::default(), KEY, asked(6, false)), None);
    }

    #[test]
    fn what_waits_is_cancelled_once_its_subscription_has_ended() {
        let state = |ended| of(&Block::default(), KEY, asked(5, ended)).unwrap().state;
        assert_eq!((state(false), state(true)), (State::Waiting, State::Cancelled));
    }
}
