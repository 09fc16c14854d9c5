//! How subscribers fare: those that are gone are not used again, those that fail for too long are disabled, and
//! somebody is told.
//!
//! A finding that is lost, because the store could not write it or the host was killed, is made again by the next
//! attempt.

use std::{
    collections::{HashMap, hash_map::Entry},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use nuncio_core::{
    Clock, Outcome, ProjectId, Recipient, Report, Scope, SubscriberUri, SubscriptionId, wire::Device,
};
use serde_json::{Map, Value, json};
use tokio::sync::mpsc;

use super::{
    events::{Events, Happened},
    targets::Ready,
    vital,
};
use crate::{
    config::Config,
    place::Place,
    storage::{Finding, Found, LaneRow, Lost, LostDevice, Post, Store, StoreError, Telling},
    times,
};

/// Subscriptions that are watched at once while they fail; of more the longest are.
const MOST: u32 = 100_000;
/// Findings on their way to the store: what comes while so many wait is found again by the next attempt.
const WAITING: usize = 1024;

/// What happened to a lane.
#[derive(Clone, Copy, Debug)]
pub(super) enum LaneEvent<'a> {
    /// Its destination or its account fails; why.
    Paused(&'a str),
    /// It works again.
    Resumed,
}

/// What the store is to be told.
enum Told {
    Seen(Seen),
    /// A device is lost, and what that says of its subscription.
    Lost {
        lost: Lost,
        project: String,
        about: Map<String, Value>,
        seen: Option<Seen>,
    },
    Lane {
        project: ProjectId,
        what: Happened,
        at: i64,
        about: Map<String, Value>,
    },
}

/// What was found out about a subscription.
struct Seen {
    of: SubscriptionId,
    finding: Finding,
    at: i64,
    project: String,
    about: Map<String, Value>,
}

/// Watches what attempts say of subscribers.
pub(super) struct Health {
    clock: Arc<dyn Clock>,
    after_ms: i64,
    told: mpsc::Sender<Told>,
    lanes_too: bool,
    /// Since when no attempt of a subscription succeeded.
    failing: Mutex<HashMap<SubscriptionId, i64>>,
    /// Whether that has anything in it: a success need not look.
    any: AtomicBool,
}

impl Health {
    /// Reads what fails, and starts to watch.
    pub(super) async fn start(
        config: &Config,
        store: &Arc<dyn Store>,
        clock: &Arc<dyn Clock>,
    ) -> Result<Arc<Self>, StoreError> {
        let (told, findings) = mpsc::channel(WAITING);
        let failing: HashMap<_, _> = store.failing(MOST).await?.into_iter().collect();
        let events = Events::new(config);
        let health = Arc::new(Self {
            clock: Arc::clone(clock),
            after_ms: i64::try_from(config.delivery.disable_after.as_millis()).unwrap_or(i64::MAX),
            told,
            lanes_too: events.are_told(),
            any: AtomicBool::new(!failing.is_empty()),
            failing: Mutex::new(failing),
        });
        drop(vital::spawn("health", write(Arc::clone(store), events, findings)));
        Ok(health)
    }

    /// An attempt of one recipient ended that began at `began`.
    pub(super) fn saw(&self, ready: &Ready, recipient: &Recipient<'_>, report: &Report, began: i64) {
        let lost = self.lost(ready, report, began);
        let device = lost.as_ref().map(|(lost, _)| lost.id.as_str());
        let seen = self.seen(ready, recipient, report, device);
        match (lost, seen) {
            (Some((lost, about)), seen) => {
                self.tell(Told::Lost { lost, project: ready.view.project.clone(), about, seen });
            }
            (None, Some(seen)) => self.tell(Told::Seen(seen)),
            (None, None) => {}
        }
    }

    /// The device that is lost, where the host keeps it, and what is told of it.
    fn lost(&self, ready: &Ready, report: &Report, began: i64) -> Option<(Lost, Map<String, Value>)> {
        let keeps = || ready.entry.as_ref().is_some_and(|entry| entry.manifest.devices);
        if report.outcome != Outcome::Gone || !keeps() {
            return None;
        }
        let uri = ready.uri.as_ref().ok()?;
        let id = Device::id_in(uri)?.to_owned();
        let about = json!({"device": id, "subscriber": uri.redacted(), "reason": report.reason});
        let Value::Object(about) = about else { return None };
        Some((Lost { id, began, at: self.clock.now_ms(), why: report.reason.clone() }, about))
    }

    fn seen(
        &self,
        ready: &Ready,
        recipient: &Recipient<'_>,
        report: &Report,
        device: Option<&str>,
    ) -> Option<Seen> {
        let of = ready.view.subscription;
        if of == SubscriptionId::NONE {
            return None;
        }
        let finding = match report.outcome {
            Outcome::Delivered if !self.any.load(Ordering::Relaxed) => None,
            Outcome::Delivered => self.worked(of),
            Outcome::Gone => {
                let address = recipient.address.to_owned();
                let why = format!("it is gone: {}", report.reason);
                Some(Finding::Gone { address, why, device: device.map(str::to_owned) })
            }
            Outcome::Deferred | Outcome::Rejected => match report.scope {
                Scope::Recipient | Scope::Destination => self.failed(of, &report.reason),
                Scope::Message | Scope::Account => None,
            },
        };
        let finding = finding?;
        let mut about = Map::new();
        if matches!(finding, Finding::Gone { .. } | Finding::Failed { .. }) {
            about = told_of(ready, recipient, &report.reason);
        }
        let (at, project) = (self.clock.now_ms(), ready.view.project.clone());
        Some(Seen { of, finding, at, project, about })
    }

    /// A lane pauses, or goes on.
    pub(super) fn lane(&self, row: Option<&LaneRow>, event: LaneEvent<'_>) {
        let Some(row) = row.filter(|_| self.lanes_too) else { return };
        let about = json!({"driver": row.driver, "destination": row.destination});
        let Value::Object(mut about) = about else { return };
        let what = match event {
            LaneEvent::Paused(reason) => {
                about.insert("reason".to_owned(), reason.into());
                Happened::LanePaused
            }
            LaneEvent::Resumed => Happened::LaneResumed,
        };
        self.tell(Told::Lane { project: row.project, what, at: self.clock.now_ms(), about });
    }

    /// Somebody changed these subscriptions: they begin anew.
    pub(super) fn forget(&self, subscriptions: &[SubscriptionId]) {
        if self.any.load(Ordering::Relaxed) {
            let mut failing = self.lock();
            failing.retain(|id, _| !subscriptions.contains(id));
            self.any.store(!failing.is_empty(), Ordering::Relaxed);
        }
    }

    fn worked(&self, of: SubscriptionId) -> Option<Finding> {
        let mut failing = self.lock();
        let found = failing.remove(&of).map(|_| Finding::Well);
        self.any.store(!failing.is_empty(), Ordering::Relaxed);
        found
    }

    fn failed(&self, of: SubscriptionId, reason: &str) -> Option<Finding> {
        let now = self.clock.now_ms();
        let mut failing = self.lock();
        let room = failing.len() < MOST as usize;
        match failing.entry(of) {
            Entry::Vacant(new) if room => {
                new.insert(now);
                self.any.store(true, Ordering::Relaxed);
                Some(Finding::Failing(now))
            }
            Entry::Vacant(_) => None,
            Entry::Occupied(known) if now - known.get() >= self.after_ms => {
                let since = times::rfc3339(known.remove()).unwrap_or_default();
                Some(Finding::Failed {
                    why: format!("every attempt since {since} failed, the last one: {reason}"),
                })
            }
            Entry::Occupied(_) => None,
        }
    }

    fn tell(&self, told: Told) {
        if self.told.try_send(told).is_err() {
            lost();
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<SubscriptionId, i64>> {
        self.failing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Counts an event that is not told.
fn lost() {
    metrics::counter!("nuncio_events_lost_total").increment(1);
}

/// What an event says of a subscription.
fn told_of(ready: &Ready, recipient: &Recipient<'_>, reason: &str) -> Map<String, Value> {
    let subscriber = ready.uri.as_ref().map_or("***", |uri| uri.redacted());
    let place = Place::of_stored(ready.view.queue.clone());
    let (kind, name) = place.label();
    let about = json!({
        kind: name,
        "subscription": ready.subscription,
        "subscriber": subscriber,
        "address": SubscriberUri::shown_address(recipient.address),
        "reason": reason,
    });
    if let Value::Object(about) = about { about } else { Map::new() }
}

/// Writes findings down, one after the other.
async fn write(store: Arc<dyn Store>, events: Events, mut findings: mpsc::Receiver<Told>) {
    while let Some(told) = findings.recv().await {
        let written = match told {
            Told::Seen(seen) => note(&store, &events, seen).await,
            Told::Lost { lost, project, about, seen } => {
                match (end_device(&store, &events, lost, project, about).await, seen) {
                    (Ok(()), Some(seen)) => note(&store, &events, seen).await,
                    (ended, _) => ended,
                }
            }
            Told::Lane { project, what, at, about } => {
                lane_event(&store, &events, project, what, at, about).await
            }
        };
        match written {
            Err(StoreError::Closed) => return,
            Err(error) => tracing::warn!(%error, "what was found out about a subscriber is not written down"),
            Ok(()) => {}
        }
    }
}

async fn note(store: &Arc<dyn Store>, events: &Events, seen: Seen) -> Result<(), StoreError> {
    let (Seen { of, finding, at, project, about }, events) = (seen, events.clone());
    let tell = move |found| subscription_event(&events, found, &project, at, about);
    store.found(of, finding, at, Box::new(tell)).await.map(|found| log(of, found))
}

async fn end_device(
    store: &Arc<dyn Store>,
    events: &Events,
    lost: Lost,
    project: String,
    about: Map<String, Value>,
) -> Result<(), StoreError> {
    let (events, told, at, id) = (events.clone(), project.clone(), lost.at, lost.id.clone());
    let tell = Telling::new(move || events.post(&told, Happened::DeviceGone, at, about.clone()));
    let became = store.device_lost(&project, lost, tell).await?;
    if became == LostDevice::Ended {
        tracing::warn!(device = id, "a device is gone and is not used again until it is registered anew");
    }
    Ok(())
}

fn log(of: SubscriptionId, found: Found) {
    match found {
        Found::Nothing => {}
        Found::Gone => tracing::warn!(subscription = %of, "an address is gone and is not used again"),
        Found::Disabled => tracing::warn!(subscription = %of, "a subscription is disabled"),
    }
}

fn subscription_event(
    events: &Events,
    found: Found,
    project: &str,
    at: i64,
    about: Map<String, Value>,
) -> Option<Post> {
    let what = match found {
        Found::Nothing => return None,
        Found::Gone => Happened::AddressGone,
        Found::Disabled => Happened::SubscriptionDisabled,
    };
    events.post(project, what, at, about)
}

async fn lane_event(
    store: &Arc<dyn Store>,
    events: &Events,
    project: ProjectId,
    what: Happened,
    at: i64,
    about: Map<String, Value>,
) -> Result<(), StoreError> {
    let name = store.project(project).await?.unwrap_or_default();
    match events.post(&name, what, at, about) {
        Some(post) => store.accept(post).await.map(drop).inspect_err(|_| lost()),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::AtomicI64;

    #[derive(Default)]
    struct Turned(AtomicI64);

    impl Clock for Turned {
        fn now_ms(&self) -> i64 {
            self.0.load(Ordering::SeqCst)
        }
    }

    fn health(clock: &Arc<Turned>) -> Health {
        Health {
            clock: Arc::<Turned>::clone(clock),
            after_ms: 1000,
            told: mpsc::channel(1).0,
            lanes_too: false,
            failing: Mutex::default(),
            any: AtomicBool::new(false),
        }
    }

    #[test]
    fn only_what_failed_all_the_time_is_disabled() {
        let clock = Arc::new(Turned::default());
        let health = health(&clock);
        let id = SubscriptionId(7);
        let fails_at = |ms: i64| {
            clock.0.store(ms, Ordering::SeqCst);
            health.failed(id, "busy")
        };
        assert_eq!(fails_at(100), Some(Finding::Failing(100)));
        assert_eq!(fails_at(1099), None);
        assert_eq!((health.worked(id), health.worked(id)), (Some(Finding::Well), None));
        assert_eq!(fails_at(2000), Some(Finding::Failing(2000)));
        assert!(
            matches!(fails_at(3000), Some(Finding::Failed { why }) if why.ends_with("the last one: busy"))
        );
    }

    #[test]
    fn what_was_changed_begins_anew() {
        let clock = Arc::new(Turned::default());
        let health = health(&clock);
        health.failed(SubscriptionId(1), "busy");
        health.failed(SubscriptionId(2), "busy");
        health.forget(&[SubscriptionId(1)]);
        assert_eq!(health.worked(SubscriptionId(1)), None);
        assert!(health.any.load(Ordering::Relaxed));
        assert_eq!(health.worked(SubscriptionId(2)), Some(Finding::Well));
        assert!(!health.any.load(Ordering::Relaxed));
    }
}
