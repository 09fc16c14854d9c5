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
        while !self.is_full(limits) {
            let request = if self.changes.is_empty() && !self.closing {
                match timeout_at(until, requests.recv()).await {
                    Ok(request) => request.unwrap_or(Request::Close),
                    Err(_) => return,
                }
            } else {
                match requests.try_recv() {
                    Ok(request) => request,
                    Err(_) => return,
                }
            };
            if matches!(request, Request::Record(_)) && self.batches.is_empty() {
                until = until.min(Instant::now() + limits.linger);
            }
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

    fn is_full(&self, limits: &Limits) -> bool {
        self.changes.len() + self.batches.len() >= limits.commit_operations
            || self.bytes >= limits.commit_bytes
    }
}
