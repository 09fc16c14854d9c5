//! The task that carries jobs on: a slice of each in turn.

use std::{collections::HashMap, sync::Arc, time::Duration};

use nuncio_core::{DeliveryKey, engine::CancelAnswer};
use tokio::sync::Notify;

use crate::{
    delivery::Work,
    storage::{Asked, Catch, JobRow, JobState, Search, Store, StoreError, Verb},
};

/// How long it waits after the store failed.
const PAUSE: Duration = Duration::from_secs(1);

pub(super) struct Runner {
    store: Arc<dyn Store>,
    work: Arc<Work>,
    slice: u64,
    wake: Arc<Notify>,
    /// By job: deliveries of its last slice that the store cancelled while the engine took them for an attempt.
    taken: HashMap<i64, u64>,
}

impl Runner {
    pub(super) fn new(store: Arc<dyn Store>, work: Arc<Work>, slice: u64, wake: Arc<Notify>) -> Self {
        Self { store, work, slice, wake, taken: HashMap::new() }
    }

    pub(super) async fn run(mut self) {
        loop {
            match self.round().await {
                Ok(0) => self.wake.notified().await,
                Ok(_) => {}
                Err(StoreError::Closed) => return,
                Err(error) => {
                    tracing::warn!(%error, "a job cannot go on; it is tried again");
                    tokio::time::sleep(PAUSE).await;
                }
            }
        }
    }

    /// A slice of every job that runs; how many there are. One that fails keeps none of the others waiting.
    async fn round(&mut self) -> Result<usize, StoreError> {
        let running = self.store.jobs_running().await?;
        metrics::gauge!("nuncio_jobs_running").set(running.len() as f64);
        self.taken.retain(|number, _| running.iter().any(|job| job.number == *number));
        let mut failed = None;
        for job in &running {
            match self.carry_on(job).await {
                Ok(now) if now.state != JobState::Running => told(&now),
                Ok(_) => {}
                Err(error) => failed = Some(error),
            }
        }
        failed.map_or(Ok(running.len()), Err)
    }

    async fn carry_on(&mut self, job: &JobRow) -> Result<JobRow, StoreError> {
        match job.verb {
            Verb::Replay => {
                let caught = self.catch(job).await?;
                self.store.replay_slice(job.number, job.cursor, caught).await
            }
            Verb::Cancel => self.cancel(job).await,
        }
    }

    /// The engine is asked about the slice that the job took last; what it does not hold, the store cancels in the
    /// commit that gives the job its next slice.
    async fn cancel(&mut self, job: &JobRow) -> Result<JobRow, StoreError> {
        let mut asked = self.ask(&job.slice).await?;
        asked.taken = self.taken.get(&job.number).copied().unwrap_or(0);
        let caught = if job.is_exhausted() { None } else { Some(self.catch(job).await?) };
        let elsewhere = asked.elsewhere.clone();
        let now = self.store.cancel_slice(job.number, job.cursor, asked, caught).await?;
        // The engine may have read one of them before that commit: it would attempt, and put back, what is cancelled.
        let again = self.work.cancel_hot(&elsewhere).await?;
        let taken = again.iter().filter(|answer| **answer == CancelAnswer::InFlight).count() as u64;
        self.taken.insert(job.number, taken);
        Ok(now)
    }

    async fn ask(&self, slice: &[DeliveryKey]) -> Result<Asked, StoreError> {
        let mut asked = Asked::default();
        for (key, answer) in slice.iter().zip(self.work.cancel_hot(slice).await?) {
            match answer {
                CancelAnswer::Cancelled => asked.cancelled += 1,
                CancelAnswer::InFlight => asked.in_flight += 1,
                CancelAnswer::NotHot => asked.elsewhere.push(*key),
            }
        }
        Ok(asked)
    }

    async fn catch(&self, job: &JobRow) -> Result<Catch, StoreError> {
        let search = Search {
            project: job.project.clone(),
            verb: job.verb,
            filter: job.filter.clone(),
            died_by: job.created,
            newest: job.newest,
            after: job.cursor,
            most: self.slice.min(job.room()),
            stalled: self.work.stalled(),
        };
        self.store.search(search).await
    }
}

fn told(job: &JobRow) {
    tracing::info!(
        job = %job.id, verb = job.verb.name(), state = job.state.name(), done = job.progress.done,
        matched = job.progress.matched(), "a job has ended"
    );
}
