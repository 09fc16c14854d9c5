//! All projects at work: what they may take now, and what they took.

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use nuncio_core::Clock;
use tokio::task::JoinHandle;

use super::{
    gauge,
    quotas::Quotas,
    tenant::{Counted, Tenant},
};
use crate::storage::{Store, StoreError, Stored, Usage, UsageDay};

/// How often usage is written down: what a crash loses of it.
const WRITTEN_EVERY: Duration = Duration::from_secs(10);
/// How old a count of what is stored may be: what was deleted since is not yet known.
const COUNTED_EVERY_MS: i64 = 30_000;
/// Milliseconds of a day.
pub(super) const DAY_MS: i64 = 86_400_000;

/// A limit of a project is reached.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Beyond {
    /// Too much in a second: waiting helps.
    #[error("the project may have {value} {what} a second ({limit}): try again in {} s", after.as_secs())]
    Rate {
        /// The key.
        limit: &'static str,
        /// Its value.
        value: u64,
        /// Of what.
        what: &'static str,
        /// When something can be taken again, whole seconds.
        after: Duration,
    },
    /// The project has as much as it may.
    #[error(
        "the project stores as much as it may ({limit} = {value}): delete messages, or wait for their retention"
    )]
    Stored {
        /// The key.
        limit: &'static str,
        /// Its value.
        value: u64,
    },
    /// The project has as many connections as it may.
    #[error(
        "the project has as many WebSocket connections as it may (limits.websocket_connections = {value}): close one"
    )]
    Connections {
        /// How many that are.
        value: u64,
    },
    /// The store cannot be asked.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// All projects at work.
pub struct Tenants {
    quotas: Arc<Quotas>,
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    /// The most projects that are watched by themselves.
    most: usize,
    /// How long a day's usage is kept, days.
    keep_days: i64,
    /// Whether metrics may name projects.
    shown: bool,
    known: RwLock<HashMap<String, Arc<Tenant>>>,
    /// All the others together.
    others: Arc<Tenant>,
}

impl fmt::Debug for Tenants {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tenants").field("quotas", &self.quotas).finish_non_exhaustive()
    }
}

impl Tenants {
    /// Watches the projects of `store`, `most` of them one by one; `shown` says whether metrics may name them.
    #[must_use]
    pub fn new(
        quotas: Arc<Quotas>,
        store: Arc<dyn Store>,
        clock: Arc<dyn Clock>,
        (most, keep, shown): (usize, Duration, bool),
    ) -> Arc<Self> {
        gauge::describe();
        let keep_days = i64::try_from(keep.as_secs() / 86_400).unwrap_or(i64::MAX).max(1);
        let known = RwLock::default();
        let others = Arc::default();
        Arc::new(Self { quotas, store, clock, most, keep_days, shown, known, others })
    }

    /// The quotas.
    #[must_use]
    pub const fn quotas(&self) -> &Arc<Quotas> {
        &self.quotas
    }

    /// Lets a request of `project` in.
    ///
    /// # Errors
    /// [`Beyond::Rate`].
    pub fn request(&self, project: &str) -> Result<(), Beyond> {
        let rate = self.quotas.of(project).requests_per_second;
        if rate == 0 {
            return Ok(());
        }
        let taken = self.tenant(project).requests.take(1, rate, self.clock.now_ms());
        taken.map_err(|ms| beyond("limits.requests_per_second", rate, "requests", ms))
    }

    /// Lets a POST of `messages` with `bytes` of bodies in.
    ///
    /// # Errors
    /// The limit that is reached.
    pub async fn post(&self, project: &str, messages: u64, bytes: u64) -> Result<(), Beyond> {
        let quota = self.quotas.of(project);
        if quota.stored_messages > 0 || quota.stored_bytes > 0 {
            let stored = self.stored(project).await?;
            for (limit, value, would) in [
                ("limits.stored_messages", quota.stored_messages, stored.messages.saturating_add(messages)),
                ("limits.stored_bytes", quota.stored_bytes, stored.bytes.saturating_add(bytes)),
            ] {
                if value > 0 && would > value {
                    return Err(Beyond::Stored { limit, value });
                }
            }
        }
        let rate = quota.messages_per_second;
        if rate == 0 {
            return Ok(());
        }
        let taken = self.tenant(project).messages.take(messages, rate, self.clock.now_ms());
        taken.map_err(|ms| beyond("limits.messages_per_second", rate, "messages", ms))
    }

    /// Counts what was taken in.
    pub fn took(&self, project: &str, taken: Usage) {
        self.tenant(project).add(taken);
    }

    /// What `project` took, by day, the newest first; what is not written down yet is in it.
    ///
    /// # Errors
    /// The store's.
    pub async fn usage(&self, project: &str) -> Result<Vec<UsageDay>, StoreError> {
        let mut days = self.store.usage(project).await?;
        let fresh = self.find(project).map(|tenant| tenant.fresh()).unwrap_or_default();
        let day = self.clock.now_ms().div_euclid(DAY_MS);
        match days.first_mut().filter(|first| first.day == day) {
            Some(today) => today.usage = today.usage.plus(fresh),
            None => days.insert(0, UsageDay { project: project.to_owned(), day, usage: fresh }),
        }
        Ok(days)
    }

    /// What the store holds of `project`, of half a minute ago at most, with what has come since.
    ///
    /// # Errors
    /// The store's.
    pub async fn stored(&self, project: &str) -> Result<Stored, StoreError> {
        let tenant = self.tenant(project);
        if Arc::ptr_eq(&tenant, &self.others) {
            // What is remembered there would be another project's.
            let _alone = tenant.counting.lock().await;
            return self.store.stored(project).await;
        }
        if let Some(stored) = self.counted(&tenant) {
            return Ok(stored);
        }
        let _alone = tenant.counting.lock().await;
        if let Some(stored) = self.counted(&tenant) {
            return Ok(stored);
        }
        let stored = self.store.stored(project).await?;
        let at = self.clock.now_ms();
        *tenant.stored.lock().unwrap_or_else(PoisonError::into_inner) = Some(Counted { stored, at });
        Ok(stored)
    }

    fn counted(&self, tenant: &Tenant) -> Option<Stored> {
        let counted = (*tenant.stored.lock().unwrap_or_else(PoisonError::into_inner))?;
        let now = self.clock.now_ms();
        (counted.at..counted.at.saturating_add(COUNTED_EVERY_MS)).contains(&now).then_some(counted.stored)
    }

    /// Writes usage down every few seconds, until the task is aborted.
    pub fn writing(self: &Arc<Self>) -> JoinHandle<()> {
        let tenants = Arc::clone(self);
        tokio::spawn(async move {
            loop {
                tokio::time::sleep(WRITTEN_EVERY).await;
                tenants.write().await;
            }
        })
    }

    /// Writes down what was taken in, and forgets who takes nothing.
    pub async fn write(&self) {
        let now = self.clock.now_ms();
        let day = now.div_euclid(DAY_MS);
        let busy: Vec<_> = {
            let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
            let used = |(name, tenant): (&String, &Arc<Tenant>)| {
                let usage = tenant.fresh();
                (usage != Usage::default()).then(|| (name.clone(), Arc::clone(tenant), usage))
            };
            known.iter().filter_map(used).collect()
        };
        if !busy.is_empty() {
            let rows =
                busy.iter().map(|(name, _, usage)| UsageDay { project: name.clone(), day, usage: *usage });
            match self.store.usage_add(rows.collect(), day - self.keep_days).await {
                Ok(()) => busy.iter().for_each(|(name, tenant, usage)| {
                    tenant.written(*usage);
                    if self.shown {
                        gauge::count(name, *usage);
                    }
                }),
                Err(error) => tracing::warn!(%error, "usage is not written down yet"),
            }
        }
        drop(busy);
        let lost = self.others.fresh();
        if lost != Usage::default() {
            self.others.written(lost);
            tracing::warn!(
                messages = lost.messages,
                "limits.max_projects: usage of more projects is not kept"
            );
        }
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        known.retain(|_, tenant| Arc::strong_count(tenant) > 1 || !tenant.is_idle(now));
    }

    fn find(&self, project: &str) -> Option<Arc<Tenant>> {
        self.known.read().unwrap_or_else(PoisonError::into_inner).get(project).map(Arc::clone)
    }

    fn tenant(&self, project: &str) -> Arc<Tenant> {
        if let Some(tenant) = self.find(project) {
            return tenant;
        }
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= self.most && !known.contains_key(project) {
            return Arc::clone(&self.others);
        }
        Arc::clone(known.entry(project.to_owned()).or_default())
    }
}

fn beyond(limit: &'static str, value: u64, what: &'static str, ms: i64) -> Beyond {
    let after = Duration::from_secs(ms.unsigned_abs().div_ceil(1000).max(1));
    Beyond::Rate { limit, value, what, after }
}
