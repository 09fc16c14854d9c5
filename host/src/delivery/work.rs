//! What the rest of the host may ask of delivery.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use nuncio_core::{
    Clock, DeliveryKey, Dispatcher, LaneId, PublicIds, Switchboard,
    engine::{CancelAnswer, Engine, Event, Limits},
    retry::Policy,
};
use tokio::{
    sync::{broadcast, mpsc, oneshot},
    task::JoinHandle,
};

use super::{
    attempt::Attempts,
    batch::Batches,
    handed::Handed,
    health::Health,
    intake::Jobs,
    lanes::Lanes,
    messages::Messages,
    observe::{Observed, Observers},
    recorder,
    runner::{Calls, Inbound, Runner},
    targets::Targets,
    vital,
};
use crate::{
    config::{Config, Delivery, DriverRate},
    confirmation::Desk,
    render::Renderer,
    storage::{CancelResult, Committed, Store, StoreError},
};

/// Events on their way to the engine: beyond it, senders wait.
const INBOUND: usize = 4096;

/// Something that does not work as it should, though the host does.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Degraded {
    /// Which part.
    pub part: String,
    /// Why, and what to do.
    pub reason: String,
}

/// Lanes that are paused, for those who ask.
#[derive(Default)]
pub(super) struct Paused(Mutex<BTreeMap<LaneId, Degraded>>);

impl Paused {
    pub(super) fn insert(&self, lane: LaneId, part: String, reason: String) {
        self.lock().insert(lane, Degraded { part, reason });
    }

    /// Whether it was there.
    pub(super) fn remove(&self, lane: LaneId) -> bool {
        self.lock().remove(&lane).is_some()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<LaneId, Degraded>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What delivery is made of.
pub struct Parts {
    /// The configuration.
    pub config: Arc<Config>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// The store.
    pub store: Arc<dyn Store>,
    /// What its writer publishes.
    pub commits: mpsc::Receiver<Committed>,
    /// The drivers.
    pub board: Switchboard,
    /// Public ids.
    pub ids: PublicIds,
    /// Templates.
    pub renderer: Arc<Renderer>,
    /// Writes the links with which people unsubscribe.
    pub confirmation: Desk,
    /// The default retry policy.
    pub policy: Policy,
}

/// Delivery at work.
pub struct Work {
    store: Arc<dyn Store>,
    board: Switchboard,
    lanes: Arc<Lanes>,
    targets: Arc<Targets>,
    paused: Arc<Paused>,
    observers: Observers,
    inbound: mpsc::Sender<Inbound>,
    runner: Mutex<Option<JoinHandle<()>>>,
}

impl Work {
    /// Starts delivering: reads where the store stands, and goes on from there.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn start(parts: Parts) -> Result<Arc<Self>, StoreError> {
        let Parts { config, clock, store, commits, board, ids, renderer, confirmation, policy } = parts;
        let standing = store.standing().await?;
        let delivery = &config.delivery;
        let lanes = Arc::new(Lanes::new(board.clone(), delivery.max_slots, config.rates.clone()));
        let messages = Arc::new(Messages::new(Arc::clone(&store), delivery.hot_bytes as usize));
        let targets =
            Arc::new(Targets::new(Arc::clone(&store), board.clone(), ids, policy, delivery.deadline));
        let observers = Observers::new();
        let (inbound, events) = mpsc::channel(INBOUND);
        let (records, recorded) = mpsc::channel(delivery.undurable_outcomes + 1);
        let health = Health::start(&config, &store, &clock).await?;
        let jobs = Arc::new(Jobs {
            store: Arc::clone(&store),
            lanes: Arc::clone(&lanes),
            messages: Arc::clone(&messages),
            targets: Arc::clone(&targets),
            health: Arc::clone(&health),
        });
        let paused = Arc::new(Paused::default());
        let known = Arc::clone(&targets);
        let runner = Runner {
            engine: Engine::new(limits(delivery)),
            clock: Arc::clone(&clock),
            store: Arc::clone(&store),
            attempts: Arc::new(Attempts {
                clock,
                targets,
                messages,
                renderer,
                confirmation,
                observers: observers.clone(),
                batches: Batches::default(),
                health: Arc::clone(&health),
                handed: Handed::default(),
            }),
            jobs: Arc::clone(&jobs),
            lanes: Arc::clone(&lanes),
            paused: Arc::clone(&paused),
            health,
            inbound: inbound.clone(),
            records,
            calls: Calls::default(),
        };
        let mut first = lanes.add(standing.lanes);
        first.extend(jobs.ended(lanes.all_alone()).await);
        first.push(Event::Started { low: standing.low, head: standing.head, waiting: standing.waiting });
        let runner = vital::spawn("runner", runner.run(events));
        vital::spawn("recorder", recorder::run(Arc::clone(&store), recorded, inbound.clone()));
        for event in first {
            inbound.send(Inbound::Event(event)).await.map_err(|_| StoreError::Closed)?;
        }
        let sender = inbound.clone();
        vital::spawn("intake", async move { jobs.follow(commits, sender).await });
        let runner = Mutex::new(Some(runner));
        let work = Self { store, board, lanes, targets: known, paused, observers, inbound, runner };
        work.tell_degraded();
        Ok(Arc::new(work))
    }

    /// The drivers of the switchboard changed, or their `rates`: new deliveries go to them from now on, and lanes are
    /// held or let go.
    pub async fn drivers_changed(&self, rates: BTreeMap<String, DriverRate>) {
        self.targets.forget_all();
        let telling = self.lanes.telling.lock().await;
        for event in self.lanes.again(rates) {
            if self.inbound.send(Inbound::Event(event)).await.is_err() {
                return;
            }
        }
        drop(telling);
        self.tell_degraded();
    }

    /// Somebody came to `destination` of `driver`, or went: what waits for it goes, or is held.
    pub async fn destination_turned(&self, driver: &str, destination: &str) {
        let _telling = self.lanes.telling.lock().await;
        if let Some(event) = self.lanes.turned(driver, destination) {
            // Who stopped needs to hear nothing.
            drop(self.inbound.send(Inbound::Event(event)).await);
        }
    }

    fn tell_degraded(&self) {
        for degraded in self.degraded() {
            tracing::warn!(part = degraded.part, reason = degraded.reason, "not everything can be delivered");
        }
    }

    /// Finished attempts as they happen; a reader that is slow misses some.
    #[must_use]
    pub fn observe(&self) -> broadcast::Receiver<Observed> {
        self.observers.subscribe()
    }

    /// Cancels a delivery of `project` that is not settled. One that is being attempted right now is cancelled if
    /// that attempt fails.
    ///
    /// # Errors
    /// When the store cannot be asked.
    pub async fn cancel(&self, project: &str, key: DeliveryKey) -> Result<CancelResult, StoreError> {
        if self.store.delivery(project, key).await?.is_none() {
            return Ok(CancelResult::Absent);
        }
        match self.ask_to_cancel(key).await? {
            CancelAnswer::Cancelled => Ok(CancelResult::Cancelled),
            CancelAnswer::InFlight => Ok(CancelResult::InFlight),
            CancelAnswer::NotHot => self.cancel_stored(project, key).await,
        }
    }

    /// Cancels in the store. The engine may have taken the delivery into memory before that was committed: it is
    /// asked once more, or it would attempt, and put back, what was cancelled.
    async fn cancel_stored(&self, project: &str, key: DeliveryKey) -> Result<CancelResult, StoreError> {
        let result = self.store.cancel(project, key).await?;
        if result == CancelResult::Cancelled && self.ask_to_cancel(key).await? == CancelAnswer::InFlight {
            return Ok(CancelResult::InFlight);
        }
        Ok(result)
    }

    /// Cancels those of `keys` that the engine holds, all at once; its answers, in order.
    ///
    /// # Errors
    /// When delivery has stopped.
    pub(crate) async fn cancel_hot(&self, keys: &[DeliveryKey]) -> Result<Vec<CancelAnswer>, StoreError> {
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        let (wishes, answers): (Vec<_>, Vec<_>) = keys
            .iter()
            .map(|key| {
                let (answer, answered) = oneshot::channel();
                ((*key, answer), answered)
            })
            .unzip();
        self.inbound.send(Inbound::Cancel(wishes)).await.map_err(|_| StoreError::Closed)?;
        futures_util::future::try_join_all(answers).await.map_err(|_| StoreError::Closed)
    }

    async fn ask_to_cancel(&self, key: DeliveryKey) -> Result<CancelAnswer, StoreError> {
        self.cancel_hot(&[key]).await?.pop().ok_or(StoreError::Closed)
    }

    /// Why deliveries of `driver` are held, if they are.
    #[must_use]
    pub fn held(&self, driver: &str) -> Option<String> {
        self.lanes.held(driver)
    }

    /// Why nothing can be delivered to `destination` now although `driver` works, if so.
    #[must_use]
    pub fn away(&self, driver: &str, destination: &str) -> Option<String> {
        self.lanes.away(driver, destination)
    }

    /// The drivers of lanes whose deliveries are held.
    #[must_use]
    pub fn stalled(&self) -> Vec<String> {
        let mut drivers = self.lanes.drivers();
        drivers.retain(|driver| self.held(driver).is_some());
        drivers
    }

    /// What does not work as it should: drivers that are disabled, refused or missing, lanes that are paused.
    #[must_use]
    pub fn degraded(&self) -> Vec<Degraded> {
        let now = self.board.now();
        let mut drivers: Vec<String> = self.lanes.drivers();
        drivers.extend(now.entries().iter().map(|entry| entry.manifest.name.clone()));
        drivers.retain(|name| now.by_name(name).is_some() || !is_refused(&now, name));
        drivers.sort_unstable();
        drivers.dedup();
        let held = drivers.into_iter().filter_map(|name| {
            self.held(&name).map(|reason| Degraded { part: format!("driver {name}"), reason })
        });
        // Named by itself: a driver of that name from elsewhere may be there and well.
        let refused = now.refused().iter().map(|one| Degraded {
            part: format!("driver {} ({})", one.name, one.origin.name()),
            reason: format!("it was refused: {}", one.why),
        });
        held.chain(refused).chain(self.paused.lock().values().cloned()).collect()
    }

    /// Stops: dispatches nothing more and waits up to `grace` for what is in flight. What is not over by then is
    /// attempted again after the next start.
    pub async fn stop(&self, grace: Duration) {
        let runner = self.runner.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(runner) = runner else { return };
        let abort = runner.abort_handle();
        let (answer, drained) = oneshot::channel();
        let drain = async {
            if self.inbound.send(Inbound::Drain(answer)).await.is_ok() {
                drop(drained.await);
            }
        };
        if tokio::time::timeout(grace, drain).await.is_err() {
            tracing::warn!(
                "deliveries were in flight at the end of the grace: they are attempted again at the next start"
            );
            abort.abort();
        }
        drop(runner.await);
    }
}

fn is_refused(drivers: &Dispatcher, name: &str) -> bool {
    drivers.refused().iter().any(|refused| refused.name == name)
}

/// Deliveries or rows of one read of the engine.
const PAGE: u32 = 1024;

fn limits(delivery: &Delivery) -> Limits {
    let ms = |duration: Duration| i64::try_from(duration.as_millis()).unwrap_or(i64::MAX);
    let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    Limits {
        max_in_flight: delivery.max_in_flight,
        first_slots: delivery.first_slots,
        hot_deliveries: count(delivery.hot_deliveries),
        hot_bytes: delivery.hot_bytes,
        undurable: count(delivery.undurable_outcomes),
        breaker_failures: delivery.breaker_failures,
        breaker_span_ms: ms(delivery.breaker_span),
        probe_min_ms: ms(delivery.probe_min),
        probe_max_ms: ms(delivery.probe_max),
        page: PAGE,
    }
}
