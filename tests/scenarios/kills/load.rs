//! Who posts while the host comes and goes.

use std::{
    collections::BTreeSet,
    net::SocketAddr,
    sync::{
        Mutex,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};

use nuncio_tests::{Sink, http::Client};
use serde_json::{Value, json};

/// Messages in one POST.
const BATCH: u64 = 100;
/// So many deliveries may be outstanding before posting pauses: twice what the host keeps in memory.
const OUTSTANDING: usize = 40_000;

/// Numbered messages, and which of them were acknowledged.
#[derive(Debug, Default)]
pub(super) struct Load {
    address: Mutex<Option<SocketAddr>>,
    next: AtomicU64,
    acknowledged: Mutex<BTreeSet<u64>>,
    peak: AtomicUsize,
    done: AtomicBool,
}

impl Load {
    /// The host listens here, or nowhere.
    pub(super) fn aim(&self, address: Option<SocketAddr>) {
        *self.address.lock().unwrap() = address;
    }

    /// Ends posting.
    pub(super) fn finish(&self) {
        self.done.store(true, Ordering::Relaxed);
    }

    /// The numbers that were acknowledged so far.
    pub(super) fn acknowledged(&self) -> BTreeSet<u64> {
        self.acknowledged.lock().unwrap().clone()
    }

    /// How many were acknowledged so far.
    pub(super) fn count(&self) -> usize {
        self.acknowledged.lock().unwrap().len()
    }

    /// The most deliveries that were outstanding at once.
    pub(super) fn peak(&self) -> usize {
        self.peak.load(Ordering::Relaxed)
    }

    /// Posts until it is finished; what the kill of a host leaves open is never posted again.
    pub(super) fn post(&self, queue: &str, sink: &Sink, subscribers: usize) {
        let path = format!("/v2/queues/{queue}/messages");
        let mut client = None;
        while !self.done.load(Ordering::Relaxed) {
            if client.is_none() {
                client = (*self.address.lock().unwrap()).and_then(|address| Client::connect(address).ok());
            }
            let outstanding = (self.count() * subscribers).saturating_sub(sink.count());
            self.peak.fetch_max(outstanding, Ordering::Relaxed);
            let room = outstanding < OUTSTANDING;
            let Some(connected) = client.as_mut().filter(|_| room) else {
                thread::sleep(Duration::from_millis(2));
                continue;
            };
            let first = self.next.fetch_add(BATCH, Ordering::Relaxed);
            let messages: Vec<Value> = (first..first + BATCH).map(|n| json!({"body": n})).collect();
            let body = json!({ "messages": messages }).to_string();
            match connected.send("POST", &path, &[], body.as_bytes()) {
                Ok(answer) => {
                    answer.expect(201);
                    self.acknowledged.lock().unwrap().extend(first..first + BATCH);
                }
                Err(_) => client = None,
            }
        }
    }
}
