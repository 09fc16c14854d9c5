//! Turns what the writer publishes, and what the engine reads back, into jobs.

use std::sync::Arc;

use nuncio_core::{
    Fresh,
    engine::{Event, Job, Open},
};
use tokio::sync::mpsc;

use super::{health::Health, lanes::Lanes, messages::Messages, runner::Inbound, targets::Targets};
use crate::storage::Committed;

/// What turning deliveries into jobs needs.
pub(super) struct Jobs {
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
        let mut events = self.lanes.add(commit.lanes);
        events.extend(commit.scheduled.into_iter().map(|(lane, due)| Event::Scheduled { lane, due }));
        if let Some(last) = commit.messages.last() {
            self.messages.keep(&commit.messages);
            let (head, rest) = (last.id, commit.rest);
            events.push(Event::Committed { jobs: self.jobs(commit.fresh).await, rest, head });
        }
        events
    }

    pub(super) async fn jobs(&self, fresh: Vec<Fresh>) -> Vec<Job> {
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
                post: one.post,
                target: one.target,
                lane: one.lane,
                first: one.first,
                open,
                until: one.until,
                bytes: one.bytes,
                policy,
            });
        }
        jobs
    }
}
