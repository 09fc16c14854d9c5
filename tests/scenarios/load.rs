//! Who posts while the host is harmed.

use std::{
    net::SocketAddr,
    sync::{
        Mutex,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};

use nuncio_tests::{
    Accepted, Sink,
    http::{Answer, Client},
};
use serde_json::{Value, json};

use crate::clock::unix_now;

/// So many deliveries may be outstanding before posting pauses: twice what the host keeps in memory.
const OUTSTANDING: usize = 40_000;

/// Where messages are posted to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Route {
    pub(crate) project: &'static str,
    pub(crate) queue: &'static str,
    /// Messages in one POST.
    pub(crate) batch: u64,
    /// Who is subscribed to the queue.
    pub(crate) subscribers: usize,
}

/// A notification that was sent for later: the ids of its deliveries, and when they begin (Unix seconds).
pub(crate) type Appointment = (Vec<String>, u64);

/// Numbered messages, and what was acknowledged of them.
#[derive(Debug, Default)]
pub(crate) struct Load {
    address: Mutex<Option<SocketAddr>>,
    next: AtomicU64,
    accepted: Mutex<Accepted>,
    refused: Mutex<Vec<Answer>>,
    appointments: Mutex<Vec<Appointment>>,
    deliveries: AtomicUsize,
    peak: AtomicUsize,
    done: AtomicBool,
}

impl Load {
    /// The host listens here, or nowhere.
    pub(crate) fn aim(&self, address: Option<SocketAddr>) {
        *self.address.lock().unwrap() = address;
    }

    /// Ends posting when it is dropped, so that a failed scenario does not wait for those who post.
    pub(crate) fn finish_after(&self) -> Finish<'_> {
        Finish(self)
    }

    /// Ends posting.
    pub(crate) fn finish(&self) {
        self.done.store(true, Ordering::Relaxed);
    }

    /// What was acknowledged so far.
    pub(crate) fn accepted(&self) -> Accepted {
        self.accepted.lock().unwrap().clone()
    }

    /// How many messages were acknowledged so far.
    pub(crate) fn count(&self) -> usize {
        self.accepted.lock().unwrap().count()
    }

    /// How many deliveries were acknowledged so far.
    pub(crate) fn deliveries(&self) -> usize {
        self.deliveries.load(Ordering::Relaxed)
    }

    /// The answers with 503 since this was asked last.
    pub(crate) fn take_refused(&self) -> Vec<Answer> {
        std::mem::take(&mut *self.refused.lock().unwrap())
    }

    /// What was sent for later.
    pub(crate) fn appointments(&self) -> Vec<Appointment> {
        self.appointments.lock().unwrap().clone()
    }

    /// The most deliveries that were outstanding at once.
    pub(crate) fn peak(&self) -> usize {
        self.peak.load(Ordering::Relaxed)
    }

    /// Posts until it is finished, never more than `sinks` keep up with. What the end of a host leaves open is never
    /// posted again.
    pub(crate) fn post(&self, route: Route, sinks: &[&Sink]) {
        let path = format!("/v2/queues/{}/messages", route.queue);
        self.repeat(route.project, sinks, |client| {
            let first = self.next.fetch_add(route.batch, Ordering::Relaxed);
            let messages: Vec<Value> = (first..first + route.batch).map(|n| json!({"body": n})).collect();
            let answer =
                client.send("POST", &path, &[], json!({ "messages": messages }).to_string().as_bytes())?;
            if answer.status == 503 {
                self.refused.lock().unwrap().push(answer);
                thread::sleep(Duration::from_millis(20));
                return Ok(());
            }
            self.accepted.lock().unwrap().messages(&answer.expect(201), route.subscribers);
            self.deliveries
                .fetch_add(usize::try_from(route.batch).unwrap() * route.subscribers, Ordering::Relaxed);
            Ok(())
        });
    }

    /// Sends notifications for one to eight seconds later to `urls`, until it is finished.
    pub(crate) fn schedule(&self, project: &'static str, urls: &[String], sinks: &[&Sink]) {
        let mut ahead = (1..=8).cycle();
        self.repeat(project, sinks, |client| {
            let at = unix_now() + ahead.next().unwrap();
            let body = json!({"to": urls, "content": "later", "deliver_at": at}).to_string();
            let answer = client.send("POST", "/v2/notifications", &[], body.as_bytes())?.expect(202);
            let ids = self.accepted.lock().unwrap().notification(&answer);
            self.deliveries.fetch_add(ids.len(), Ordering::Relaxed);
            self.appointments.lock().unwrap().push((ids, at));
            thread::sleep(Duration::from_millis(20));
            Ok(())
        });
    }

    /// Sends so many notifications for the Unix time `at` to `urls`.
    pub(crate) fn send(&self, host: SocketAddr, project: &str, urls: &[String], at: u64, times: usize) {
        let mut client = Client::connect_as(host, project).unwrap();
        let body = json!({"to": urls, "content": "later", "deliver_at": at}).to_string();
        for _ in 0..times {
            let answer = client.send("POST", "/v2/notifications", &[], body.as_bytes()).unwrap().expect(202);
            self.accepted.lock().unwrap().notification(&answer);
        }
    }

    fn repeat(
        &self,
        project: &str,
        sinks: &[&Sink],
        mut send: impl FnMut(&mut Client) -> std::io::Result<()>,
    ) {
        let mut client = None;
        while !self.done.load(Ordering::Relaxed) {
            if client.is_none() {
                let address = *self.address.lock().unwrap();
                client = address.and_then(|address| Client::connect_as(address, project).ok());
            }
            let taken: usize = sinks.iter().map(|sink| sink.taken()).sum();
            let outstanding = self.deliveries().saturating_sub(taken);
            self.peak.fetch_max(outstanding, Ordering::Relaxed);
            let room = outstanding < OUTSTANDING;
            let Some(connected) = client.as_mut().filter(|_| room) else {
                thread::sleep(Duration::from_millis(2));
                continue;
            };
            if send(connected).is_err() {
                client = None;
            }
        }
    }
}

/// Ends posting when it is dropped.
#[derive(Debug)]
pub(crate) struct Finish<'l>(&'l Load);

impl Drop for Finish<'_> {
    fn drop(&mut self) {
        self.0.finish();
    }
}
