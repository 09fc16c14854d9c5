//! Everything that is under way in an instance, so that it can be cancelled, counted and waited for.

use std::{
    collections::{HashMap, VecDeque},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};

use tokio::sync::Notify;

use super::{batch::Item, flight::Cancel};

/// The most flights of one instance; the host is told `BUSY` beyond.
pub(super) const MOST_FLIGHTS: usize = 65_536;
/// How many cancelled tokens are remembered whose delivery is being begun at that moment.
const MOST_EARLY: usize = 1024;
/// Between two looks at what still runs in the end.
const PAUSE: Duration = Duration::from_millis(1);

/// Where the end of a token is asked for.
#[derive(Clone, Debug)]
pub(super) enum Way {
    /// A flight of its own.
    Own(Arc<Cancel>),
    /// An item of a batch.
    Item(Item),
}

/// What is under way.
#[derive(Debug, Default)]
pub(super) struct UnderWay {
    tokens: Mutex<Tokens>,
    has_early: AtomicBool,
    flights: AtomicUsize,
    ended: Notify,
}

#[derive(Debug, Default)]
struct Tokens {
    ways: HashMap<u64, Way>,
    early: VecDeque<u64>,
}

/// One flight; it counts until this is dropped.
#[derive(Debug)]
pub(super) struct Seat(Arc<UnderWay>);

impl UnderWay {
    /// Whether no more flights are taken.
    pub(super) fn is_full(&self) -> bool {
        self.flights.load(Ordering::Relaxed) >= MOST_FLIGHTS
    }

    /// Counts a flight.
    pub(super) fn seat(self: &Arc<Self>) -> Seat {
        self.flights.fetch_add(1, Ordering::AcqRel);
        Seat(Arc::clone(self))
    }

    /// `token` may be cancelled by `way` from now on. False: it was cancelled already.
    pub(super) fn begin(&self, token: u64, way: Way) -> bool {
        let mut tokens = self.tokens();
        if let Some(place) = tokens.early.iter().position(|one| *one == token) {
            tokens.early.remove(place);
            return false;
        }
        tokens.ways.insert(token, way);
        true
    }

    /// `token` is about to be completed.
    pub(super) fn end(&self, token: u64) {
        self.tokens().ways.remove(&token);
    }

    /// How to cancel `token`. One that is not known may be just about to begin: it is remembered if `beginning`.
    pub(super) fn way(&self, token: u64, beginning: bool) -> Option<Way> {
        let mut tokens = self.tokens();
        let way = tokens.ways.get(&token).cloned();
        if way.is_none() && beginning {
            if tokens.early.len() == MOST_EARLY {
                tokens.early.pop_front();
            }
            tokens.early.push_back(token);
            self.has_early.store(true, Ordering::Release);
        }
        way
    }

    /// Forgets cancelled tokens that never began, if there are any: nobody is beginning one.
    pub(super) fn forget_early(&self) {
        if self.has_early.load(Ordering::Acquire) {
            let mut tokens = self.tokens();
            tokens.early.clear();
            self.has_early.store(false, Ordering::Release);
        }
    }

    /// Returns when nothing is under way.
    pub(super) async fn over(&self) {
        loop {
            let ended = self.ended.notified();
            if self.flights.load(Ordering::Acquire) == 0 {
                return;
            }
            ended.await;
        }
    }

    /// As [`over`](Self::over), when there is no runtime any more: what still runs is about to be dropped by it.
    pub(super) fn wait_over(&self) {
        while self.flights.load(Ordering::Acquire) > 0 {
            thread::sleep(PAUSE);
        }
    }

    fn tokens(&self) -> MutexGuard<'_, Tokens> {
        self.tokens.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        if self.0.flights.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.0.ended.notify_waiters();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn own() -> Way {
        Way::Own(Arc::default())
    }

    #[test]
    fn a_token_that_is_cancelled_while_it_begins_does_not_begin() {
        let underway = UnderWay::default();
        assert!(underway.way(7, true).is_none());
        assert!(!underway.begin(7, own()) && underway.way(7, false).is_none());
        assert!(underway.begin(7, own()), "once");
        assert!(underway.way(7, false).is_some());
    }

    #[test]
    fn cancelled_tokens_that_never_began_are_forgotten() {
        let underway = UnderWay::default();
        underway.way(7, false);
        underway.way(8, true);
        underway.forget_early();
        assert!(underway.begin(7, own()) && underway.begin(8, own()));
        for token in 0..2 * MOST_EARLY as u64 {
            underway.way(100 + token, true);
        }
        assert_eq!(underway.tokens().early.len(), MOST_EARLY);
    }

    #[test]
    fn it_is_over_when_the_last_seat_is_empty() {
        let underway = Arc::new(UnderWay::default());
        let seats: Vec<Seat> = (0..3).map(|_| underway.seat()).collect();
        let waiting = thread::spawn({
            let underway = Arc::clone(&underway);
            move || underway.wait_over()
        });
        assert!(!underway.is_full() && !waiting.is_finished());
        drop(seats);
        waiting.join().unwrap();
    }

    #[test]
    fn it_is_full_at_its_limit() {
        let underway = Arc::new(UnderWay::default());
        let seats: Vec<Seat> = (0..MOST_FLIGHTS).map(|_| underway.seat()).collect();
        assert!(underway.is_full());
        drop(seats);
        assert!(!underway.is_full());
    }
}
