//! Writes the engine's settlements, a batch after the other.

use std::sync::Arc;

use futures_util::{StreamExt, stream::FuturesOrdered};
use nuncio_core::{
    Cursor, Settlement,
    engine::{Batch, Event},
};
use tokio::sync::mpsc;

use super::runner::Inbound;
use crate::storage::{Sent, Store, StoreError};

/// A batch on its way to the store.
pub(super) struct Record {
    pub(super) batch: Batch,
    pub(super) settlements: Vec<Settlement>,
    /// Those that the far side may say more of.
    pub(super) sent: Vec<Sent>,
    pub(super) low: Cursor,
}

/// Writes batches in order until the engine is gone; each is followed by its `Durable`.
///
/// A batch is handed to the store before the one in front of it is durable, so that one commit may take several.
/// What is new is polled in the order in which it was pushed: batches reach the store in their order.
pub(super) async fn run(
    store: Arc<dyn Store>,
    mut records: mpsc::Receiver<Record>,
    inbound: mpsc::Sender<Inbound>,
) {
    let mut writing = FuturesOrdered::new();
    let mut more = true;
    while more || !writing.is_empty() {
        tokio::select! {
            record = records.recv(), if more => match record {
                Some(record) => writing.push_back(write(&store, record, &inbound)),
                None => more = false,
            },
            Some((batch, result)) = writing.next() => match result {
                Ok(()) => {
                    if inbound.send(Inbound::Event(Event::Durable { batch })).await.is_err() {
                        return;
                    }
                }
                Err(StoreError::Closed) => return,
                Err(error) => tracing::error!(%error, "a batch of outcomes was refused by the store"),
            },
        }
    }
}

async fn write(
    store: &Arc<dyn Store>,
    record: Record,
    inbound: &mpsc::Sender<Inbound>,
) -> (Batch, Result<(), StoreError>) {
    let told = inbound.clone();
    let failed = Arc::new(move |reason: String| {
        tracing::error!(reason, "outcomes could not be written; dispatch pauses until they are");
        if told.try_send(Inbound::Event(Event::StoreFailed)).is_err() {
            tracing::debug!("the engine is busy; it is told at the next failure");
        }
    });
    (record.batch, store.record(record.settlements, record.sent, record.low, failed).await)
}
