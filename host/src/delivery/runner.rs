//! The task that owns the engine: events go in, actions are carried out. It never waits for anything but events.

use std::{collections::HashMap, sync::Arc, time::Duration};

use nuncio_core::{
    Clock, DeliveryKey,
    engine::{Action, Batch, CancelAnswer, Engine, Event, Notable, Ticket},
};
use tokio::{
    sync::{mpsc, oneshot},
    task::JoinSet,
};

use super::{
    attempt::Attempts,
    health::{Health, LaneEvent},
    intake::Jobs,
    lanes::Lanes,
    recorder::Record,
    work::Paused,
};
use crate::storage::Store;

/// The longest sleep: a clock that was set, or a machine that was asleep, delays what is due by no more.
const LONGEST_SLEEP_MS: i64 = 30_000;

/// The most events that the engine is told of together.
const TOGETHER: usize = 128;

/// What comes to the runner.
pub(super) enum Inbound {
    /// For the engine.
    Event(Event),
    /// Somebody wants to cancel deliveries.
    Cancel(Vec<(DeliveryKey, oneshot::Sender<CancelAnswer>)>),
    /// Stop: dispatch nothing more, answer when nothing is in flight and everything is written.
    Drain(oneshot::Sender<()>),
}

/// The engine and what carries out its actions.
pub(super) struct Runner {
    pub(super) engine: Engine,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) store: Arc<dyn Store>,
    pub(super) attempts: Arc<Attempts>,
    pub(super) jobs: Arc<Jobs>,
    pub(super) lanes: Arc<Lanes>,
    pub(super) paused: Arc<Paused>,
    pub(super) health: Arc<Health>,
    pub(super) inbound: mpsc::Sender<Inbound>,
    pub(super) records: mpsc::Sender<Record>,
    pub(super) calls: Calls,
}

/// What is under way for others.
#[derive(Default)]
pub(super) struct Calls {
    wake_at: Option<i64>,
    tasks: JoinSet<()>,
    cancels: HashMap<DeliveryKey, Vec<oneshot::Sender<CancelAnswer>>>,
    cancelled: Vec<(Batch, DeliveryKey)>,
    drained: Option<oneshot::Sender<()>>,
}

impl Calls {
    /// What the engine is told of `inbound`.
    fn event(&mut self, inbound: Inbound) -> Event {
        match inbound {
            Inbound::Event(event) => {
                if matches!(event, Event::Tick) {
                    self.wake_at = None;
                }
                event
            }
            Inbound::Cancel(wishes) => {
                let keys = wishes.iter().map(|(key, _)| *key).collect();
                for (key, answer) in wishes {
                    self.cancels.entry(key).or_default().push(answer);
                }
                Event::Cancel { keys }
            }
            Inbound::Drain(answer) => {
                self.drained = Some(answer);
                Event::Drain
            }
        }
    }

    /// Lets tasks go that have ended. One that panicked did not tell the engine, which would wait for it for ever.
    fn reap(&mut self) {
        while let Some(ended) = self.tasks.try_join_next() {
            if let Err(error) = ended
                && let Ok(panic) = error.try_into_panic()
            {
                std::panic::resume_unwind(panic);
            }
        }
    }
}

impl Runner {
    /// Runs until it is drained or nobody can send to it any more.
    pub(super) async fn run(mut self, mut events: mpsc::Receiver<Inbound>) {
        let (in_flight, hot) =
            (metrics::gauge!("nuncio_in_flight"), metrics::gauge!("nuncio_hot_deliveries"));
        let mut inbound = Vec::with_capacity(TOGETHER);
        loop {
            let wait = until(self.calls.wake_at, self.clock.now_ms());
            tokio::select! {
                taken = events.recv_many(&mut inbound, TOGETHER) => if taken == 0 { return },
                () = tokio::time::sleep(wait) => inbound.push(Inbound::Event(Event::Tick)),
            }
            // Whoever woke this task is one of many that end now: what they say is taken together.
            tokio::task::yield_now().await;
            while inbound.len() < TOGETHER
                && let Ok(more) = events.try_recv()
            {
                inbound.push(more);
            }
            self.take(&mut inbound);
            self.calls.reap();
            in_flight.set(self.engine.in_flight() as f64);
            hot.set(self.engine.hot() as f64);
            if self.engine.idle()
                && let Some(drained) = self.calls.drained.take()
            {
                drained.send(()).ok();
                return;
            }
        }
    }

    fn take(&mut self, inbound: &mut Vec<Inbound>) {
        let now = self.clock.now_ms();
        let (calls, mut actions, mut durable) = (&mut self.calls, Vec::new(), Vec::new());
        let events = inbound.drain(..).map(|inbound| calls.event(inbound)).inspect(|event| {
            if let Event::Durable { batch } = event {
                durable.push(*batch);
            }
        });
        self.engine.on_all(now, events, &mut actions);
        for action in actions {
            self.carry_out(action);
        }
        for batch in durable {
            self.answer_cancelled(batch);
        }
    }

    fn carry_out(&mut self, action: Action) {
        match action {
            Action::Dispatch { ticket, job } => self.dispatch(ticket, job),
            Action::Record { batch, settlements, low } => {
                let cancels = &self.calls.cancels;
                let named = settlements
                    .iter()
                    .map(nuncio_core::Settlement::key)
                    .filter(|key| cancels.contains_key(key));
                self.calls.cancelled.extend(named.map(|key| (batch, key)));
                // The engine stops at `undurable_outcomes`, and the channel holds as many batches.
                let sent = self.attempts.handed.take(&settlements);
                if self.records.try_send(Record { batch, settlements, sent, low }).is_err() {
                    tracing::error!("the recorder is gone: outcomes are found again at the next start");
                }
            }
            Action::Load { lane, from, until, max } => {
                let (store, jobs) = (Arc::clone(&self.store), Arc::clone(&self.jobs));
                self.read(async move {
                    let page = store.load(lane, from, until, max).await?;
                    let mut rows = Vec::with_capacity(page.rows.len());
                    for mut row in page.rows {
                        let policy = jobs.targets.policy(row.target).await;
                        row.post = jobs.sequence(lane, row.key.message, row.post).await?;
                        rows.push((row, policy));
                    }
                    Ok(Event::Loaded { lane, rows, next_due: page.next_due })
                });
            }
            Action::Scan { cursor, max } => {
                let (store, jobs) = (Arc::clone(&self.store), Arc::clone(&self.jobs));
                self.read(async move {
                    let page = store.scan(cursor, max).await?;
                    let jobs = jobs.jobs(page.fresh).await?;
                    Ok(Event::Scanned { jobs, next: page.next, reached: page.reached, end: page.end })
                });
            }
            Action::WakeAt(at) => self.calls.wake_at = Some(at),
            Action::CancelAnswer { key, answer } => self.cancel_answer(key, answer),
            Action::Raise(notable) => self.raise(notable),
        }
    }

    fn dispatch(&mut self, ticket: Ticket, job: nuncio_core::engine::Job) {
        let (attempts, inbound) = (Arc::clone(&self.attempts), self.inbound.clone());
        self.calls.tasks.spawn(async move {
            let finish = attempts.carry_out(&job).await;
            let (ends, ms, timed_out) = (finish.ends, finish.ms, finish.timed_out);
            let event = Event::Finished { ticket, ms, ends, timed_out };
            if inbound.send(Inbound::Event(event)).await.is_err() {
                tracing::debug!("an attempt ended after the engine did; it is repeated at the next start");
            }
        });
    }

    fn read(
        &mut self,
        read: impl Future<Output = Result<Event, crate::storage::StoreError>> + Send + 'static,
    ) {
        let inbound = self.inbound.clone();
        self.calls.tasks.spawn(async move {
            let event = read.await.unwrap_or_else(|error| {
                tracing::error!(%error, "deliveries could not be read back; trying again");
                Event::ReadFailed
            });
            drop(inbound.send(Inbound::Event(event)).await);
        });
    }

    /// A delivery that waited in memory is cancelled once that is durable; the other answers are given at once.
    fn cancel_answer(&mut self, key: DeliveryKey, answer: CancelAnswer) {
        if answer == CancelAnswer::Cancelled {
            return;
        }
        for waiting in self.calls.cancels.remove(&key).unwrap_or_default() {
            waiting.send(answer).ok();
        }
    }

    fn answer_cancelled(&mut self, batch: Batch) {
        let cancels = &mut self.calls.cancels;
        self.calls.cancelled.retain(|(of, key)| {
            if *of == batch {
                for waiting in cancels.remove(key).unwrap_or_default() {
                    waiting.send(CancelAnswer::Cancelled).ok();
                }
            }
            *of != batch
        });
    }

    fn raise(&self, notable: Notable) {
        let name = |lane| {
            let row = self.lanes.get(lane);
            row.map_or_else(String::new, |row| format!("{} {} (lane {lane})", row.driver, row.destination))
        };
        match notable {
            // Nobody is there: that is no trouble, and the gate says it already.
            Notable::LanePaused { lane, .. } if self.lanes.is_away(lane) => {}
            Notable::LanePaused { lane, probe, reason } => {
                let seconds = (probe - self.clock.now_ms()) / 1000;
                tracing::warn!(lane = name(lane), reason, probe_in_seconds = seconds, "deliveries pause");
                self.health.lane(self.lanes.get(lane).as_deref(), LaneEvent::Paused(&reason));
                self.paused.insert(lane, name(lane), reason);
            }
            Notable::LaneResumed { lane } if !self.paused.remove(lane) => {}
            Notable::LaneResumed { lane } => {
                tracing::info!(lane = name(lane), "deliveries go on");
                self.health.lane(self.lanes.get(lane).as_deref(), LaneEvent::Resumed);
            }
            Notable::LaneForgotten { lane } => drop(self.paused.remove(lane)),
            Notable::AddressGone { key, target } => {
                tracing::warn!(message = %key.message, %target, "an address said that it must not be used again");
            }
        }
    }
}

/// How long to sleep at `now` when the engine wants to be woken at `wake_at`, both in Unix milliseconds.
fn until(wake_at: Option<i64>, now: i64) -> Duration {
    let ms = wake_at.map_or(LONGEST_SLEEP_MS, |at| at.saturating_sub(now));
    Duration::from_millis(ms.clamp(0, LONGEST_SLEEP_MS).unsigned_abs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_is_set_delays_what_is_due_by_half_a_minute_at_most() {
        let year = 365 * 24 * 3_600_000;
        assert_eq!(until(Some(year + 250), year), Duration::from_millis(250));
        assert_eq!(until(Some(year), 0), Duration::from_secs(30));
        assert_eq!((until(Some(0), year), until(None, year)), (Duration::ZERO, Duration::from_secs(30)));
    }
}
