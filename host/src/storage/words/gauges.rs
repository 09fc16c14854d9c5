//! What the store says of itself: accounts of deliveries, and room.

use nuncio_core::{MessageId, State};

/// Deliveries since the database was made. Accounts close: what was accepted is open or has ended in one of these ways.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Accepted: one for each recipient of each message.
    pub accepted: i64,
    /// The far side took them.
    pub delivered: i64,
    /// Given up. One that is tried again is open.
    pub dead: i64,
    /// Ended by their owner.
    pub cancelled: i64,
    /// Their `deliver_until` has passed.
    pub expired: i64,
    /// Their address may not be used.
    pub suppressed: i64,
}

impl Tally {
    /// Accepted and not settled: waiting or held.
    #[must_use]
    pub const fn open(&self) -> i64 {
        self.accepted - self.delivered - self.dead - self.cancelled - self.expired - self.suppressed
    }

    /// How many ended in `state`; those that are open have not ended.
    #[must_use]
    pub const fn ended(&self, state: State) -> i64 {
        match state {
            State::Waiting | State::Held => 0,
            State::Delivered => self.delivered,
            State::Dead => self.dead,
            State::Cancelled => self.cancelled,
            State::Expired => self.expired,
            State::Suppressed => self.suppressed,
        }
    }

    /// Adds `n` to those that ended in `state`.
    pub const fn count(&mut self, state: State, n: i64) {
        match state {
            State::Waiting | State::Held => {}
            State::Delivered => self.delivered += n,
            State::Dead => self.dead += n,
            State::Cancelled => self.cancelled += n,
            State::Expired => self.expired += n,
            State::Suppressed => self.suppressed += n,
        }
    }

    /// Both together.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self {
            accepted: self.accepted + other.accepted,
            delivered: self.delivered + other.delivered,
            dead: self.dead + other.dead,
            cancelled: self.cancelled + other.cancelled,
            expired: self.expired + other.expired,
            suppressed: self.suppressed + other.suppressed,
        }
    }
}

/// What the store says of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Gauges {
    /// The accounts, as the last commit left them.
    pub tally: Tally,
    /// Size of the database file, bytes.
    pub file_bytes: u64,
    /// What of it is in use, bytes.
    pub used_bytes: u64,
    /// Free bytes on its disk, where the system says so.
    pub free_bytes: Option<u64>,
    /// Whether it is so near to its limit that what is settled goes whatever its age.
    pub pressed: bool,
    /// What is amiss although the store works, a sentence each.
    pub ailments: Vec<String>,
}

/// A slice of what was forgotten.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Forgotten {
    /// How many messages were deleted.
    pub messages: u64,
    /// Where to go on; `None` at the end.
    pub next: Option<MessageId>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_accepted_is_open_until_it_ends() {
        let mut tally = Tally { accepted: 7, ..Tally::default() };
        for state in State::ALL {
            tally.count(state, 1);
        }
        assert_eq!(tally.open(), 2);
        assert_eq!(State::ALL.map(|state| tally.ended(state)).iter().sum::<i64>() + tally.open(), 7);
        assert_eq!(tally.plus(tally).open(), 4);
    }
}
