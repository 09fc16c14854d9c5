//! How fast a lane or a gate may go: its rate, and the rest that its destination asked for.

use std::collections::VecDeque;

use crate::Rate;

/// Remembers the last attempts, as many as the rate counts.
#[derive(Debug, Default)]
pub(super) struct Throttle {
    rate: Option<Rate>,
    /// When the last attempts began, ascending.
    recent: VecDeque<i64>,
    /// Since when nothing goes, and for how many milliseconds.
    rest: Option<(i64, i64)>,
}

impl Throttle {
    /// Its rate changed. What went lately counts on.
    pub(super) fn rule(&mut self, rate: Option<Rate>) {
        self.rate = rate;
        if rate.is_none() {
            self.recent = VecDeque::new();
        }
    }

    /// When the next attempt may begin; `None` for now.
    pub(super) fn next(&mut self, now: i64) -> Option<i64> {
        self.clock_set_back(now);
        let room = self.rate.and_then(|rate| {
            let (count, ms) = rate.window();
            while self.recent.pop_front_if(|began| *began + ms <= now).is_some() {}
            // A rate that was lowered may have more behind it than it allows.
            let full = self.recent.len().checked_sub(count as usize)?;
            self.recent.get(full).map(|began| began + ms)
        });
        let rested = self.rest.map(|(since, ms)| since.saturating_add(ms));
        [room, rested].into_iter().flatten().max().filter(|at| *at > now)
    }

    /// How many attempts may begin now.
    pub(super) fn room(&mut self, now: i64) -> usize {
        if self.next(now).is_some() {
            return 0;
        }
        self.rate.map_or(usize::MAX, |rate| (rate.window().0 as usize).saturating_sub(self.recent.len()))
    }

    /// An attempt begins.
    pub(super) fn went(&mut self, now: i64) {
        if self.rate.is_some() {
            self.recent.push_back(now);
        }
    }

    /// The destination asked to be left alone for so many milliseconds.
    pub(super) fn rest(&mut self, now: i64, ms: i64) {
        self.clock_set_back(now);
        let rested = self.rest.map_or(now, |(since, ms)| since.saturating_add(ms));
        if now.saturating_add(ms) > rested {
            self.rest = Some((now, ms));
        }
    }

    /// What seems to lie ahead was a moment ago: the clock was set back.
    fn clock_set_back(&mut self, now: i64) {
        for began in self.recent.iter_mut().rev().take_while(|began| **began > now) {
            *began = now;
        }
        if let Some((since, _)) = &mut self.rest {
            *since = (*since).min(now);
        }
    }
}
