//! A load: messages are posted for a while, then what is owed arrives.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
    time::Duration,
};

use anyhow::{Result, anyhow};
use nuncio_benches::{Journal, Poster, Samples, Taken, machine::now_ns};
use tokio::{task::JoinSet, time::Instant};

use super::{
    closed,
    command::{Load, Loaded, Pace},
    open,
};

/// What is still owed after so long without an arrival is lost. Longer than the first delays of a retry.
const PATIENCE: Duration = Duration::from_secs(15);
/// How often it is looked whether something arrived.
const LOOK: Duration = Duration::from_millis(5);
/// How long a POST waits that was refused for now.
const REFUSED: Duration = Duration::from_millis(50);

/// What the connections of a load share.
pub(super) struct Shared {
    pub(super) load: Load,
    pub(super) journal: Rc<RefCell<Journal>>,
    pub(super) began: u64,
    /// Messages that were given out to connections.
    given: Cell<u64>,
    acknowledged: Cell<u64>,
    refused: Cell<u64>,
    posts: RefCell<Samples>,
}

/// Carries out a load; the journal is empty before.
pub(super) async fn run(load: Load, journal: Rc<RefCell<Journal>>) -> Result<Loaded> {
    let mut clients = Vec::with_capacity(load.connections);
    for _ in 0..load.connections {
        clients.push(Poster::connect(load.host, &load.queue, load.batch, load.body_bytes).await?);
    }
    let shared = Rc::new(Shared {
        load,
        journal,
        began: now_ns(),
        given: Cell::default(),
        acknowledged: Cell::default(),
        refused: Cell::default(),
        posts: RefCell::default(),
    });
    let mut posting = JoinSet::new();
    for client in clients {
        let shared = Rc::clone(&shared);
        match shared.load.pace {
            Pace::Closed(owed) => posting.spawn_local(closed::post(shared, client, owed)),
            Pace::Open(rate) => posting.spawn_local(open::post(shared, client, rate)),
        };
    }
    while let Some(ended) = posting.join_next().await {
        ended.map_err(|error| anyhow!(error))??;
    }
    shared.arrivals().await;
    Ok(shared.loaded())
}

impl Shared {
    /// Whether messages are still posted.
    pub(super) fn open(&self) -> bool {
        self.given.get() < self.load.most && now_ns() < self.began + (self.load.seconds * 1e9) as u64
    }

    /// Deliveries that are owed now.
    pub(super) fn owed(&self) -> u64 {
        (self.acknowledged.get() * self.load.fan_out).saturating_sub(self.journal.borrow().received)
    }

    /// The number of the first letter of the next batch.
    pub(super) fn take(&self) -> u64 {
        self.given.replace(self.given.get() + self.load.batch as u64)
    }

    /// Posts the batch from `first`, again and again until it is acknowledged.
    pub(super) async fn post(&self, client: &mut Poster, first: u64, stamp: u64) -> Result<()> {
        while client.post(first, stamp).await? == Taken::Busy {
            self.refused.set(self.refused.get() + 1);
            tokio::time::sleep(REFUSED).await;
        }
        self.posts.borrow_mut().add(now_ns() - stamp);
        self.acknowledged.set(self.acknowledged.get() + self.load.batch as u64);
        Ok(())
    }

    /// Waits until all that is owed has arrived, or nothing arrives any more.
    async fn arrivals(&self) {
        let (mut seen, mut since) = (0, Instant::now());
        while self.owed() > 0 && since.elapsed() < PATIENCE {
            tokio::time::sleep(LOOK).await;
            let received = self.journal.borrow().received;
            if received != seen {
                (seen, since) = (received, Instant::now());
            }
        }
    }

    fn loaded(&self) -> Loaded {
        let mut journal = self.journal.borrow_mut();
        Loaded {
            messages: self.acknowledged.get(),
            refused: self.refused.get(),
            received: journal.received,
            missing: (self.acknowledged.get() * self.load.fan_out).saturating_sub(journal.received),
            duplicates: journal.duplicates,
            seconds: journal.last_ns.saturating_sub(self.began) as f64 / 1e9,
            post: self.posts.borrow_mut().percentiles(),
            arrival: journal.times.percentiles(),
        }
    }
}
