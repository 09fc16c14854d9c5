//! The store that keeps nothing: what a POST costs here, it costs in any store.

use std::sync::{Mutex, MutexGuard, PoisonError};

use nuncio_core::Clock;
use nuncio_host::{
    clock::System,
    storage::{Accepted, Addressed, Committed, Post, StoreError},
};
use tokio::sync::mpsc;

use super::kept::Kept;

/// A store without a disk: it answers at once.
#[derive(Debug)]
pub(super) struct Null {
    kept: Mutex<Kept>,
    clock: System,
    published: mpsc::Sender<Committed>,
}

impl Null {
    pub(super) fn new(published: mpsc::Sender<Committed>) -> Self {
        Self { kept: Mutex::new(Kept::new()), clock: System, published }
    }

    pub(super) fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Messages of a queue are numbered, matched, and handed to delivery.
    pub(super) async fn take(&self, post: Post) -> Result<Accepted, StoreError> {
        let Addressed::Queue(queue) = post.to else { return Err(without()) };
        let now = self.clock.now_ms();
        let (accepted, published) = self.kept().accept(now, &queue, &post.client, post.drafts);
        self.publish(published).await;
        Ok(accepted)
    }

    pub(super) async fn publish(&self, published: Committed) {
        // Nobody listens any more while the host stops.
        self.published.send(published).await.ok();
    }
}

/// The answer to what the benchmark does not ask.
pub(super) fn without() -> StoreError {
    StoreError::Unavailable("the store of the benchmark keeps nothing".to_owned())
}
