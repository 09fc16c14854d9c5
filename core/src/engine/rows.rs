//! Which rows of a lane are in the store and not in memory, and from where they are read.

use super::records::Origin;
use crate::DeliveryKey;

/// A place among the rows of a lane.
pub(super) type Place = (i64, DeliveryKey);

/// What a lane knows of its rows. Everything in the store that is not in memory, nor on its way there, is at one of
/// its two places or after it.
#[derive(Debug, Default)]
pub(super) struct Rows {
    /// The first row to be read.
    next: Option<Place>,
    /// The first row that was passed over while the lane is paused.
    parked: Option<Place>,
    reading: bool,
    /// Jobs left memory, or rows are read again, since a read began: what it brings may have to come after them.
    stale: bool,
    /// Rows of jobs that left memory and are not durable.
    evicted: u32,
    /// Rows of jobs that were not taken into memory and are not durable.
    refused: u32,
    /// Rows of jobs that wait for the first of their sequence and are not durable.
    aside: u32,
    /// The latest place of a row that others of its train must not overtake.
    in_place_to: Option<i64>,
    /// Nothing is read before, but by hand.
    asleep: i64,
}

/// A read of a lane that is under way.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reading {
    /// From here, inclusive.
    pub(super) place: Place,
    /// Whether it looks for a probe.
    pub(super) probe: bool,
    next: Option<Place>,
}

impl Rows {
    /// The first row to be read.
    pub(super) fn next(&self) -> Option<Place> {
        self.next
    }

    /// The first row at all.
    pub(super) fn first(&self) -> Option<Place> {
        [self.next, self.parked].into_iter().flatten().min()
    }

    /// Whether rows may be read: the store must have those that come first.
    pub(super) fn readable(&self) -> bool {
        !self.reading && self.evicted == 0
    }

    /// Whether the store has nothing of the lane, as far as is known, and nothing is on its way there.
    pub(super) fn is_empty(&self) -> bool {
        self.first().is_none() && self.readable() && self.refused == 0 && self.aside == 0
    }

    /// Whether a read is under way.
    pub(super) fn reading(&self) -> bool {
        self.reading
    }

    /// Whether rows are in the store that a later job of their train must not overtake.
    pub(super) fn behind(&self) -> bool {
        self.in_place_to.is_some_and(|to| {
            self.evicted > 0
                || self.refused > 0
                || self.reading
                || self.first().is_some_and(|(due, _)| due <= to)
        })
    }

    /// Whether rows are in the store, or on their way there, that come before a job with its place at `due` in an
    /// ordered lane. Those that were passed over come after a job in memory, which is known to wait.
    pub(super) fn come_before(&self, due: i64) -> bool {
        self.evicted > 0
            || self.refused > 0
            || self.reading
            || self.next.is_some_and(|(first, _)| first <= due)
    }

    /// All that the lane has is in the store, and none of it may go before `until`.
    pub(super) fn sleep(&mut self, until: i64) {
        self.asleep = until;
    }

    /// Somebody changed rows: what is known of their times may not hold, nor what a read brings that is under way.
    pub(super) fn wake(&mut self) {
        self.asleep = 0;
        self.left();
    }

    /// Until when nothing is read.
    pub(super) fn asleep(&self) -> i64 {
        self.asleep
    }

    /// A row is in the store, at `place` or after it.
    pub(super) fn at(&mut self, place: Place, parked: bool) {
        let slot = if parked { &mut self.parked } else { &mut self.next };
        *slot = Some(slot.map_or(place, |other| other.min(place)));
    }

    /// Nobody may overtake what is due at `due`.
    pub(super) fn keep_order(&mut self, due: i64) {
        self.in_place_to = self.in_place_to.max(Some(due));
    }

    /// Jobs leave memory.
    pub(super) fn left(&mut self) {
        self.stale |= self.reading;
    }

    /// A row is on its way to the store.
    pub(super) fn written(&mut self, due: i64, origin: Origin) {
        match origin {
            Origin::Later | Origin::Kept => return,
            Origin::Refused => self.refused += 1,
            Origin::Aside => self.aside += 1,
            Origin::Evicted => {
                self.evicted += 1;
                self.left();
            }
        }
        self.keep_order(due);
    }

    /// A row has arrived in the store.
    pub(super) fn landed(&mut self, origin: Origin) {
        match origin {
            Origin::Later | Origin::Kept => {}
            Origin::Refused => self.refused = self.refused.saturating_sub(1),
            Origin::Aside => match self.aside.checked_sub(1) {
                Some(rest) => self.aside = rest,
                // What came after a sequence that goes on since.
                None => self.refused = self.refused.saturating_sub(1),
            },
            Origin::Evicted => self.evicted = self.evicted.saturating_sub(1),
        }
    }

    /// The lane goes on: nothing is passed over any more.
    pub(super) fn unpark(&mut self) {
        self.left();
        self.refused += std::mem::take(&mut self.aside);
        if let Some(place) = self.parked.take() {
            self.at(place, false);
        }
    }

    /// Begins to read; a probe is looked for among all rows.
    pub(super) fn begin(&mut self, probe: bool) -> Option<Reading> {
        let place = if probe { self.first() } else { self.next }?;
        let next = self.next.take();
        if probe {
            self.parked = None;
        }
        self.reading = true;
        Some(Reading { place, probe, next })
    }

    /// The read ended with nothing taken.
    pub(super) fn give_up(&mut self, reading: &Reading) {
        self.reading = false;
        self.stale = false;
        self.at(reading.place, false);
        if let Some(next) = reading.next {
            self.at(next, false);
        }
    }

    /// The answer is there. Says whether it still counts.
    pub(super) fn end(&mut self) -> bool {
        self.reading = false;
        !std::mem::take(&mut self.stale)
    }

    /// Nothing of `rest` and after it was read.
    pub(super) fn rest(&mut self, rest: Place, reading: &Reading) {
        if !reading.probe {
            return self.at(rest, false);
        }
        self.at(rest, true);
        if let Some(next) = reading.next {
            self.at(next.max(rest), false);
        }
    }
}
