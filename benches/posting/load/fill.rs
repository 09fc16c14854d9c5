//! Messages that are there before they are claimed.

use std::{cell::Cell, rc::Rc};

use anyhow::{Result, anyhow, ensure};
use nuncio_benches::{Poster, Taken};
use tokio::task::JoinSet;

use super::order::{CONNECTIONS, Order, queue};

/// Messages of a POST.
const BATCH: u64 = 100;

/// Posts as many as are asked for, numbered from 0, to all queues alike.
pub(super) async fn fill(order: &Order) -> Result<()> {
    ensure!(order.prefilled % BATCH == 0, "{} messages in POSTs of {BATCH}", order.prefilled);
    let (next, last) = (Rc::new(Cell::new(0)), order.prefilled);
    let mut posting = JoinSet::new();
    for index in 0..CONNECTIONS {
        let mut poster = Poster::connect(order.to, &queue(index), BATCH as usize, order.body_bytes).await?;
        let next = Rc::clone(&next);
        posting.spawn_local(async move {
            while next.get() < last {
                let first = next.replace(next.get() + BATCH);
                ensure!(poster.post(first, 0).await? == Taken::Accepted, "the queues could not be filled");
            }
            anyhow::Ok(())
        });
    }
    while let Some(ended) = posting.join_next().await {
        ended.map_err(|error| anyhow!(error))??;
    }
    Ok(())
}
