//! Turns what the writer publishes, and what the engine reads back, into jobs.

use std::{collections::HashSet, sync::Arc};

use nuncio_core::{
    Cursor, Fresh, LaneId, MessageId, Recipient, Report, SubscriptionId,
    engine::{Event, Job, Open},
};
use tokio::sync::mpsc;

use super::{health::Health, lanes::Lanes, messages::Messages, runner::Inbound, targets::Targets};
use crate::storage::{Committed, GoneLater, Store, StoreError};

/// What turning deliveries into jobs needs.
pub(super) struct Jobs {
    pub(super) store: Arc<dyn Store>,
    pub(super) lanes: Arc<Lanes>,
    pub(super) messages: Arc<Messages>,
    pub(super) targets: Arc<Targets>,
    pub(super) health: Arc<Health>,
}

impl Jobs {
    /// Feeds commits to the engine, in their order, until the store is closed.
    pub(super) async fn follow(
        &self,
        mut commits: mpsc::Receiver<Committed>,
        inbound: mpsc::Sender<Inbound>,
    ) {
        while let Some(commit) = commits.recv().await {
            let _telling = self.lanes.telling.lock().await;
            for event in self.events(commit).await {
                if inbound.send(Inbound::Event(event)).await.is_err() {
                    return;
                }
            }
        }
    }

    async fn events(&self, commit: Committed) -> Vec<Event> {
        if !commit.queues.is_empty() {
            self.targets.forget_all();
        } else if !commit.changed.is_empty() {
            self.targets.forget(&commit.changed);
            self.health.forget(&commit.changed);
        }
        self.gone_later(&commit.gone_later).await;
        // The number of one that is gone may be that of a new one already.
        let mut events = self.lanes.remove(&commit.lanes_gone);
        events.extend(self.lanes.add(commit.lanes));
        events.extend(self.ended(self.lanes.alone(&commit.changed)).await);
        events.extend(commit.scheduled.into_iter().map(|(lane, due)| Event::Scheduled { lane, due }));
        if let Some(last) = commit.messages.last() {
            self.messages.keep(&commit.messages, &commit.fresh);
            let first = commit.fresh.first().map(|one| Cursor { message: one.message, idx: one.first });
            let (jobs, rest) = match self.jobs(commit.fresh).await {
                Ok(jobs) => (jobs, commit.rest),
                // The engine reads them back.
                Err(error) => {
                    tracing::error!(%error, "messages that were just committed cannot be read; trying again");
                    (Vec::new(), first)
                }
            };
            events.push(Event::Committed { jobs, rest, head: last.id });
        }
        events
    }

    /// Receipts say that these addresses must not be used any more.
    async fn gone_later(&self, all: &[GoneLater]) {
        for gone in all {
            match self.targets.get(gone.target).await {
                Ok(Some(ready)) => {
                    let Some(address) = ready.address(gone.place as usize) else { continue };
                    let recipient = Recipient::new(gone.place, address);
                    self.health.saw(&ready, &recipient, &Report::gone(gone.reason.as_str()), gone.sent);
                }
                Ok(None) => {}
                Err(error) => tracing::warn!(%error, "an address is gone, which is not written down"),
            }
        }
    }

    /// Lets go what waits for those of `ids` that live no more.
    pub(super) async fn ended(&self, mut ids: Vec<SubscriptionId>) -> Vec<Event> {
        if ids.is_empty() {
            return Vec::new();
        }
        let live = self.store.subscriptions_live(ids.clone()).await.unwrap_or_else(|error| {
            tracing::error!(%error, "which subscriptions live cannot be read: what waits for them is tried");
            Vec::new()
        });
        let live: HashSet<_> = live.into_iter().collect();
        ids.retain(|id| !live.contains(id));
        self.lanes.ended(&ids)
    }

    /// What a delivery goes in turn with: its POST, or its sequence in an ordered lane. A number below 0 is a sequence
    /// that was told before.
    pub(super) async fn sequence(
        &self,
        lane: LaneId,
        message: MessageId,
        post: i64,
    ) -> Result<i64, StoreError> {
        let row = self.lanes.get(lane).filter(|_| post >= 0);
        let Some(order) = row.as_ref().and_then(|row| row.rules.ordered.as_ref()) else { return Ok(post) };
        if !order.has_key() {
            return Ok(order.sequence(&[]));
        }
        let message = self.messages.get(message).await?;
        Ok(message.map_or(post, |message| order.sequence(&message.body)))
    }

    pub(super) async fn jobs(&self, fresh: Vec<Fresh>) -> Result<Vec<Job>, StoreError> {
        let mut jobs = Vec::with_capacity(fresh.len());
        for one in fresh {
            let policy = self.targets.policy(one.target).await;
            let open = one
                .open
                .iter()
                .map(|idx| Open { idx: *idx, n: 0, tries: 0, since: one.created, stored: false })
                .collect();
            jobs.push(Job {
                message: one.message,
                post: self.sequence(one.lane, one.message, one.post).await?,
                target: one.target,
                lane: one.lane,
                first: one.first,
                open,
                until: one.until,
                bytes: one.bytes,
                policy,
            });
        }
        Ok(jobs)
    }
}
