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
