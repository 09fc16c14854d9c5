//! Gathering: what arrived while the last commit was on its way to the disk goes into the next.

use std::{collections::VecDeque, time::Duration};

use tokio::{
    sync::mpsc,
    time::{Instant, timeout_at},
};

use super::handle::{Batch, Change, Request};
use crate::storage::sqlite::limits::Limits;

/// What waits to be committed.
#[derive(Default)]
pub(super) struct Gathered {
    /// Changes that clients wait for, in the order of arrival.
    pub(super) changes: Vec<Change>,
    /// Settlements, in the order of arrival. They stay until they are durable.
    pub(super) batches: VecDeque<Batch>,
    /// No more will come.
    pub(super) closing: bool,
    bytes: usize,
}

impl Gathered {
    /// Waits for work until `idle` has passed; a client is not kept waiting, outcomes wait for company.
    pub(super) async fn fill(
        &mut self,
        requests: &mut mpsc::Receiver<Request>,
        limits: &Limits,
        idle: Duration,
    ) {
        let mut until = Instant::now() + idle;
        let mut operations = 0;
        let mut waited = false;
        while operations < limits.commit_operations && self.bytes < limits.commit_bytes {
            let request = if self.changes.is_empty() && !self.closing {
                match timeout_at(until, requests.recv()).await {
                    Ok(request) => request.unwrap_or(Request::Close),
                    Err(_) => return,
                }
            } else {
                match requests.try_recv() {
                    Ok(request) => request,
                    Err(_) if waited => return,
                    Err(_) => {
                        // Where the threads share a core, those who are about to ask would come too late by a whole
                        // commit, since the first of them woke this thread in their place.
                        std::thread::yield_now();
                        waited = true;
                        continue;
                    }
                }
            };
            if matches!(request, Request::Record(_)) && self.batches.is_empty() {
                until = until.min(Instant::now() + limits.linger);
            }
            operations += request.operations();
            self.take(request, requests);
        }
    }

    fn take(&mut self, request: Request, requests: &mut mpsc::Receiver<Request>) {
        match request {
            Request::Change(change) => {
                self.bytes += change.bytes;
                self.changes.push(change);
            }
            Request::Record(batch) => self.batches.push_back(batch),
            Request::Close => {
                self.closing = true;
                requests.close();
            }
        }
    }

    /// The changes, to be committed now.
    pub(super) fn take_changes(&mut self) -> Vec<Change> {
        self.bytes = 0;
        std::mem::take(&mut self.changes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use nuncio_core::{Cursor, DeliveryKey, MessageId, Settlement, State};
    use std::sync::Arc;
    use tokio::sync::{Semaphore, oneshot};

    const LONG: Duration = Duration::from_secs(3600);

    fn record(settlements: usize) -> Request {
        let key = DeliveryKey::new(MessageId(1), 0);
        let one = Settlement::Closed { key, state: State::Delivered, n: 1, at: 1, code: 0, deferred: false };
        Request::Record(Batch {
            settlements: vec![one; settlements],
            sent: Vec::new(),
            low: Cursor::default(),
            failed: Arc::new(|_| ()),
            durable: oneshot::channel().0,
        })
    }

    async fn change(bytes: usize) -> Request {
        let room = Arc::new(Semaphore::new(1)).acquire_owned().await.unwrap();
        Request::Change(Change { run: Box::new(|_| Box::new(|_| ())), bytes, _room: room })
    }

    #[tokio::test]
    async fn outcomes_do_not_wait_for_long_and_a_client_not_at_all() {
        let (requests, mut queue) = mpsc::channel(16);
        let mut gathered = Gathered::default();
        requests.send(record(1)).await.unwrap();
        gathered.fill(&mut queue, &Limits::default(), LONG).await;
        assert_eq!((gathered.batches.len(), gathered.changes.len()), (1, 0));
        let patient = Limits { linger: LONG, ..Limits::default() };
        for request in [record(1), change(1).await, change(1).await, record(1)] {
            requests.send(request).await.unwrap();
        }
        gathered.fill(&mut queue, &patient, LONG).await;
        assert_eq!((gathered.batches.len(), gathered.changes.len()), (3, 2));
    }

    #[tokio::test]
    async fn a_commit_does_not_grow_beyond_its_limits() {
        let (requests, mut queue) = mpsc::channel(16);
        let patient = Limits { linger: LONG, commit_operations: 100, commit_bytes: 10, ..Limits::default() };
        let mut gathered = Gathered::default();
        for request in [record(60), record(60), change(6).await, change(6).await, change(6).await] {
            requests.send(request).await.unwrap();
        }
        gathered.fill(&mut queue, &patient, LONG).await;
        assert_eq!((gathered.batches.len(), gathered.changes.len()), (2, 0));
        gathered.fill(&mut queue, &patient, LONG).await;
        assert_eq!((gathered.batches.len(), gathered.take_changes().len()), (2, 2));
    }

    #[tokio::test]
    async fn closing_takes_what_was_asked_before() {
        let (requests, mut queue) = mpsc::channel(16);
        let mut gathered = Gathered::default();
        for request in [record(1), Request::Close] {
            requests.send(request).await.unwrap();
        }
        gathered.fill(&mut queue, &Limits::default(), LONG).await;
        assert!(gathered.closing && gathered.batches.len() == 1);
        assert!(requests.send(record(1)).await.is_err());
    }
}
