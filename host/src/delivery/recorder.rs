//! Writes the engine's settlements, a batch after the other.

use std::sync::Arc;

use nuncio_core::{
    Cursor, Settlement,
    engine::{Batch, Event},
};
use tokio::sync::mpsc;

use super::runner::Inbound;
use crate::storage::{Store, StoreError};

/// A batch on its way to the store.
pub(super) struct Record {
    pub(super) batch: Batch,
    pub(super) settlements: Vec<Settlement>,
    pub(super) low: Cursor,
}

/// Writes batches in order until the engine is gone; each is followed by its `Durable`.
pub(super) async fn run(
    store: Arc<dyn Store>,
    mut records: mpsc::Receiver<Record>,
    inbound: mpsc::Sender<Inbound>,
) {
    while let Some(Record { batch, settlements, low }) = records.recv().await {
        let told = inbound.clone();
        let failed = Arc::new(move |reason: String| {
            tracing::error!(reason, "outcomes could not be written; dispatch pauses until they are");
            if told.try_send(Inbound::Event(Event::StoreFailed)).is_err() {
                tracing::debug!("the engine is busy; it is told at the next failure");
            }
        });
        match store.record(settlements, low, failed).await {
            Ok(()) => {
                if inbound.send(Inbound::Event(Event::Durable { batch })).await.is_err() {
                    return;
                }
            }
            Err(StoreError::Closed) => return,
            Err(error) => tracing::error!(%error, "a batch of outcomes was refused by the store"),
        }
    }
}
