//! Who wants a message.

use std::sync::Arc;

use nuncio_core::{LaneId, MAX_RECIPIENTS, Matched, ProjectId, QueueId, SubscriptionId};

use crate::storage::{
    NewTarget, StoreError,
    sqlite::{catalog::subscriptions::has_expired, commit::Commit, targets},
};

/// Who wants the messages of a POST.
pub(super) struct Wanted {
    /// The targets, as the messages list them.
    pub(super) matched: Arc<[Matched]>,
    /// The lane of each.
    pub(super) lanes: Vec<LaneId>,
}

impl Wanted {
    /// The recipients of each message.
    pub(super) fn recipients(&self) -> u64 {
        recipients(&self.matched)
    }
}

fn recipients(matched: &[Matched]) -> u64 {
    matched.iter().map(|one| u64::from(one.addresses)).sum()
}

/// The live subscriptions of a queue, in order of their ids.
pub(super) fn subscribed(commit: &mut Commit<'_>, queue: QueueId) -> Result<Wanted, StoreError> {
    let now = commit.now;
    let live = commit.memory.active(commit.db, queue)?.iter().filter(|one| !has_expired(one.expires, now));
    let (matched, lanes): (Vec<_>, Vec<_>) =
        live.map(|one| (Matched { target: one.target, addresses: one.recipients }, one.lane)).unzip();
    wanted(matched, lanes)
}

/// Ad-hoc targets, stored now.
pub(super) fn addressed(
    commit: &mut Commit<'_>,
    project: ProjectId,
    new: &[NewTarget],
) -> Result<Wanted, StoreError> {
    let (mut matched, mut lanes) = (Vec::with_capacity(new.len()), Vec::with_capacity(new.len()));
    for one in new {
        let (target, lane) = targets::add(commit, project, SubscriptionId::NONE, one)?;
        matched.push(Matched { target, addresses: targets::recipients(one) });
        lanes.push(lane);
    }
    wanted(matched, lanes)
}

fn wanted(matched: Vec<Matched>, lanes: Vec<LaneId>) -> Result<Wanted, StoreError> {
    if recipients(&matched) > u64::from(MAX_RECIPIENTS) {
        return Err(StoreError::Full { limit: "recipients of one message", value: MAX_RECIPIENTS.into() });
    }
    Ok(Wanted { matched: matched.into(), lanes })
}
