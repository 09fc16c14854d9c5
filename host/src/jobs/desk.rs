//! What the API may ask of jobs.

use std::sync::{Arc, Mutex, PoisonError};

use nuncio_core::{DeliveryKey, MessageId};
use tokio::{sync::Notify, task::JoinHandle};
use uuid::Uuid;

use super::runner::Runner;
use crate::{
    config,
    delivery::Work,
    storage::{Begun, END, JobFilter, JobId, JobKey, NewJob, Search, Store, StoreError, Verb},
};

/// How many deliveries one read of a count takes.
const PAGE: u64 = 4096;

/// What a job would take.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counted {
    /// Deliveries that the filter takes now.
    pub matched: u64,
    /// What was looked at for it.
    pub looked: u64,
}

/// Begins jobs and has them carried on.
pub struct Jobs {
    store: Arc<dyn Store>,
    work: Arc<Work>,
    most: u64,
    wake: Arc<Notify>,
    runner: Mutex<Option<JoinHandle<()>>>,
}

impl Jobs {
    /// Goes on with the jobs that run by what is stored, and waits for more.
    pub fn start(store: Arc<dyn Store>, work: Arc<Work>, limits: &config::Jobs) -> Arc<Self> {
        metrics::describe_gauge!("nuncio_jobs_running", "Replays and cancellations by filter that run");
        let wake = Arc::new(Notify::new());
        let runner = Runner::new(Arc::clone(&store), Arc::clone(&work), limits.slice, Arc::clone(&wake));
        let runner = Mutex::new(Some(tokio::spawn(runner.run())));
        Arc::new(Self { store, work, most: limits.max_running, wake, runner })
    }

    /// Begins a job, or finds the one that was begun with the same key.
    ///
    /// # Errors
    /// When too many jobs of the project run, when the key was used for something else, or when the store is away.
    pub async fn begin(
        &self,
        project: &str,
        verb: Verb,
        filter: JobFilter,
        key: Option<JobKey>,
    ) -> Result<Begun, StoreError> {
        let total = self.store.job_total(project, verb).await?;
        let (id, project) = (JobId(Uuid::new_v4()), project.to_owned());
        let new = NewJob { id, project, verb, filter, total, key, most: self.most };
        let begun = self.store.job_begin(new).await?;
        self.wake.notify_one();
        Ok(begun)
    }

    /// Counts what a job would take now, page by page.
    ///
    /// # Errors
    /// When the store is away.
    pub async fn count(&self, project: &str, verb: Verb, filter: JobFilter) -> Result<Counted, StoreError> {
        let limit = filter.limit.unwrap_or(u64::MAX);
        let mut search = Search {
            project: project.to_owned(),
            verb,
            filter,
            died_by: i64::MAX,
            newest: MessageId(i64::MAX),
            after: DeliveryKey::new(MessageId::NONE, 0),
            most: PAGE,
            stalled: self.work.stalled(),
        };
        let mut counted = Counted::default();
        while search.after != END && counted.matched < limit {
            search.most = PAGE.min(limit - counted.matched);
            let caught = self.store.search(search.clone()).await?;
            counted.matched += caught.keys.len() as u64;
            counted.looked += caught.looked;
            search.after = caught.next;
        }
        Ok(counted)
    }

    /// Stops carrying jobs on; they go on at the next start.
    pub async fn stop(&self) {
        let runner = self.runner.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(runner) = runner {
            // Whatever it is at: a commit is done whole or not at all.
            runner.abort();
            drop(runner.await);
        }
    }
}
