//! The notices that a process holds.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use nuncio_core::wire::ReportJson;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore, oneshot},
    time::Instant,
};

use super::suspects::Suspects;

/// How a notice's stay ended.
#[derive(Debug)]
pub(super) enum Landed {
    /// The process said this.
    Said(Vec<ReportJson>),
    /// The process ended first.
    Died {
        /// How.
        reason: String,
        /// Whether the process was given the notice.
        given: bool,
        /// Whether it died too often with this very delivery.
        blamed: bool,
    },
}

/// The notices of one life of a process, each in a slot of its own until the process completed it.
#[derive(Debug)]
pub(super) struct Flights {
    slots: Arc<Semaphore>,
    suspects: Arc<Suspects>,
    table: Mutex<Table>,
}

#[derive(Debug, Default)]
struct Table {
    last: u64,
    open: HashMap<u64, Flight>,
    ended: Option<String>,
}

#[derive(Debug)]
struct Flight {
    id: String,
    waiting: oneshot::Sender<Landed>,
    given: bool,
    cancelled: Option<Instant>,
    _slot: OwnedSemaphorePermit,
}

impl Flights {
    pub(super) fn new(slots: u32, suspects: Arc<Suspects>) -> Self {
        Self { slots: Arc::new(Semaphore::new(slots as usize)), suspects, table: Mutex::default() }
    }

    /// Waits for `n` free slots; `None` when the process has ended.
    pub(super) async fn slots(&self, n: u32) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.slots).acquire_many_owned(n).await.ok()
    }

    /// Opens a flight of the delivery `id` in `slot`: its token, and where its end is told.
    pub(super) fn open(&self, id: &str, slot: OwnedSemaphorePermit) -> (u64, oneshot::Receiver<Landed>) {
        let (waiting, landed) = oneshot::channel();
        let mut table = self.lock();
        table.last += 1;
        let token = table.last;
        let flight = Flight { id: id.to_owned(), waiting, given: false, cancelled: None, _slot: slot };
        match table.ended.clone() {
            None => drop(table.open.insert(token, flight)),
            Some(reason) => flight.died(reason, false),
        }
        (token, landed)
    }

    /// The process is given these.
    pub(super) fn give(&self, tokens: &[u64]) {
        let mut table = self.lock();
        for token in tokens {
            if let Some(flight) = table.open.get_mut(token) {
                flight.given = true;
            }
        }
    }

    /// The process completed `token`. Says whether there was such a flight.
    pub(super) fn complete(&self, token: u64, reports: Vec<ReportJson>) -> bool {
        // A process cannot complete what it was not given: it guesses.
        let flight = {
            let mut table = self.lock();
            let given = table.open.get(&token).is_some_and(|flight| flight.given);
            if given { table.open.remove(&token) } else { None }
        };
        let Some(flight) = flight else { return false };
        self.suspects.cleared(&flight.id);
        // Whoever waited may have gone: then the completion has freed the slot, which is all it had to do.
        drop(flight.waiting.send(Landed::Said(reports)));
        true
    }

    /// Nobody waits for `token` and the process was never given it.
    pub(super) fn forget(&self, token: u64) {
        drop(self.lock().open.remove(&token));
    }

    /// Nobody waits for `token` any longer. Says whether the process still holds it.
    pub(super) fn cancel(&self, token: u64) -> bool {
        match self.lock().open.get_mut(&token) {
            Some(flight) => {
                flight.cancelled = Some(Instant::now());
                true
            }
            None => false,
        }
    }

    /// Whether the process has held a cancelled notice for longer than `stall`.
    pub(super) fn hung(&self, stall: Duration) -> bool {
        let now = Instant::now();
        let late = |since: Instant| now.duration_since(since) >= stall;
        self.lock().open.values().any(|flight| flight.cancelled.is_some_and(late))
    }

    /// The process has ended: so has every flight.
    pub(super) fn end(&self, reason: &str) {
        let open = {
            let mut table = self.lock();
            table.ended = Some(reason.to_owned());
            std::mem::take(&mut table.open)
        };
        for flight in open.into_values() {
            let blamed = flight.given && self.suspects.died_with(&flight.id);
            flight.died(reason.to_owned(), blamed);
        }
        self.slots.close();
    }

    fn lock(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Flight {
    fn died(self, reason: String, blamed: bool) {
        // Whoever waited may have gone.
        drop(self.waiting.send(Landed::Died { reason, given: self.given, blamed }));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_token_is_completed_once_and_only_when_it_was_given() {
        let flights = Flights::new(1, Arc::default());
        let (token, landed) = flights.open("d", flights.slots(1).await.unwrap());
        assert!(!flights.complete(token, Vec::new()), "the process does not have it yet");
        flights.give(&[token]);
        assert!(flights.complete(token, Vec::new()));
        assert!(!flights.complete(token, Vec::new()) && !flights.complete(token + 1, Vec::new()));
        assert!(matches!(landed.await, Ok(Landed::Said(_))));
        assert!(flights.slots(1).await.is_some(), "its slot is free again");
    }

    #[tokio::test]
    async fn an_end_is_told_to_all_and_to_those_that_come_later() {
        let flights = Flights::new(3, Arc::default());
        let mut slots = flights.slots(3).await.unwrap();
        let (first, given) = flights.open("a", slots.split(1).unwrap());
        let (_, waiting) = flights.open("b", slots.split(1).unwrap());
        flights.give(&[first]);
        flights.end("gone");
        let (_, late) = flights.open("c", slots);
        let mut ends = Vec::new();
        for landed in [given, waiting, late] {
            let Ok(Landed::Died { given, .. }) = landed.await else { panic!("it ended") };
            ends.push(given);
        }
        assert_eq!(ends, [true, false, false]);
        assert!(flights.slots(1).await.is_none());
    }

    #[tokio::test(start_paused = true)]
    async fn a_cancelled_flight_that_stays_open_is_hung() {
        let flights = Flights::new(1, Arc::default());
        let (token, _landed) = flights.open("d", flights.slots(1).await.unwrap());
        flights.give(&[token]);
        assert!(!flights.hung(Duration::ZERO), "nobody cancelled it");
        assert!(flights.cancel(token));
        tokio::time::advance(Duration::from_secs(59)).await;
        assert!(!flights.hung(Duration::from_secs(60)));
        tokio::time::advance(Duration::from_secs(1)).await;
        assert!(flights.hung(Duration::from_secs(60)));
        flights.complete(token, Vec::new());
        assert!(!flights.hung(Duration::from_secs(60)) && !flights.cancel(token));
    }
}
