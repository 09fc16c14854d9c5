//! Forgetting: the task that has the store delete what is settled and old, a slice at a time.

use std::{sync::Arc, time::Duration};

use nuncio_core::MessageId;
use tokio::time::{Instant, sleep};

use crate::storage::{Store, StoreError};

/// How often the store is gone through: a part of the age at which settled messages go, within these bounds.
const EVERY: (u32, Duration, Duration) = (10, Duration::from_secs(1), Duration::from_secs(600));

/// How often it is asked whether the database is nearly as big as it may be, and, when nothing of it could be deleted,
/// how soon that is tried again.
const PRESSED: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(30));

/// After a slice, others have the writer for so many times as long as the slice took.
const PAUSE: u32 = 2;

/// Has `store` forget what was settled longer than `settled` ago, until it is closed.
pub(crate) async fn run(store: Arc<dyn Store>, settled: Duration, bounded: bool) {
    let every = (settled / EVERY.0).clamp(EVERY.1, EVERY.2);
    // A host that starts with a database that is too big takes nothing in until this was done.
    let mut rest = PRESSED.0;
    loop {
        wait(&*store, every, rest, bounded).await;
        rest = match pass(&*store).await {
            Ok(0) => PRESSED.1,
            Ok(_) => PRESSED.0,
            Err(StoreError::Closed) => return,
            Err(error) => {
                tracing::warn!(%error, "what is settled could not be deleted; it is tried again");
                PRESSED.1
            }
        };
    }
}

/// Waits for the next pass: `every`, or less if the database is too big and `rest` has passed.
async fn wait(store: &dyn Store, every: Duration, rest: Duration, bounded: bool) {
    if !bounded {
        return sleep(every).await;
    }
    let began = Instant::now();
    while began.elapsed() < every {
        sleep(PRESSED.0).await;
        let pressed = store.gauges().await.is_ok_and(|now| now.pressed);
        if pressed && began.elapsed() >= rest {
            return;
        }
    }
}

/// Goes through the whole store once; how many messages were deleted.
async fn pass(store: &dyn Store) -> Result<u64, StoreError> {
    let (mut from, mut deleted) = (MessageId::NONE, 0);
    loop {
        let began = Instant::now();
        let slice = store.forget(from).await?;
        deleted += slice.messages;
        sleep(began.elapsed() * PAUSE).await;
        match slice.next {
            Some(next) => from = next,
            None => break,
        }
    }
    loop {
        let began = Instant::now();
        if !store.tidy().await? {
            break;
        }
        sleep(began.elapsed() * PAUSE).await;
    }
    if deleted > 0 {
        tracing::debug!(deleted, "settled messages were deleted");
        metrics::counter!("nuncio_messages_deleted_total").increment(deleted);
    }
    Ok(deleted)
}
