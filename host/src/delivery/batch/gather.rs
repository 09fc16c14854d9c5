use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use nuncio_core::Entry;
use tokio::{sync::oneshot, time::Instant};

use super::{board::Waiting, call::call};
use crate::delivery::{answer::Answer, prepared::Prepared};

type Items = Vec<(Arc<Prepared>, Waiting)>;

/// What is gathered for each driver, by its address: changed settings make another driver of the same name.
#[derive(Clone, Default)]
pub(in crate::delivery) struct Batches(Arc<Mutex<HashMap<usize, Items>>>);

impl Batches {
    /// Asks the driver together with others that are ready now. The time of the attempt runs from here.
    pub(in crate::delivery) async fn ask(&self, prepared: Arc<Prepared>) -> Answer {
        let (entry, deadline) = (prepared.entry.clone(), prepared.ready.deadline);
        let (answer, answered) = oneshot::channel();
        let waiting = Waiting { answer, deadline, until: Instant::now() + deadline };
        let key = Arc::as_ptr(&entry.driver).cast::<()>().addr();
        let first = {
            let mut all = self.lock();
            let items = all.entry(key).or_default();
            items.push((prepared, waiting));
            items.len() == 1
        };
        if first {
            let batches = self.clone();
            tokio::spawn(async move { batches.hand_over(key, entry).await });
        }
        // The sender is dropped without a word only when the host itself panicked.
        answered.await.unwrap_or_else(|_| Answer::silent())
    }

    /// Lets those that are ready come, and calls the driver with as many of them at a time as it takes.
    async fn hand_over(self, key: usize, entry: Entry) {
        tokio::task::yield_now().await;
        let mut items = self.lock().remove(&key).unwrap_or_default();
        let most = entry.manifest.limits.batch as usize;
        while items.len() > most {
            let rest = items.split_off(most);
            let (entry, batch) = (entry.clone(), std::mem::replace(&mut items, rest));
            tokio::spawn(async move { call(&entry, batch).await });
        }
        call(&entry, items).await;
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<usize, Items>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
