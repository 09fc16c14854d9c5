//! Who wants the messages of a POST.

use nuncio_core::{Matched, ProjectId, QueueId, SubscriptionId};

use crate::storage::{
    Addressed, Draft, NewTarget, StoreError,
    sqlite::{
        commit::Commit,
        index::{Body, Seen, Wanted},
        targets,
    },
};

/// Who wants each of `drafts`. Lists that are the same are shared.
pub(super) fn wanted(
    commit: &mut Commit<'_>,
    (project, queue): (ProjectId, QueueId),
    to: &Addressed,
    drafts: &[Draft],
) -> Result<Vec<Wanted>, StoreError> {
    match to {
        Addressed::Queue(_) => drafts.iter().map(|draft| subscribed(commit, queue, draft)).collect(),
        Addressed::Targets(new) => {
            let wanted = addressed(commit, project, new)?;
            Ok(drafts.iter().map(|_| wanted.clone()).collect())
        }
    }
}

fn subscribed(commit: &mut Commit<'_>, queue: QueueId, draft: &Draft) -> Result<Wanted, StoreError> {
    let body = Body::new(draft.body.clone());
    let seen = Seen { attributes: &draft.attributes, body: &body };
    commit.memory.wanted(commit.db, queue, seen, commit.now)
}

/// Ad-hoc targets, stored now.
fn addressed(commit: &mut Commit<'_>, project: ProjectId, new: &[NewTarget]) -> Result<Wanted, StoreError> {
    let mut stored = Vec::with_capacity(new.len());
    for one in new {
        let (target, lane) = targets::add(commit, project, SubscriptionId::NONE, one)?;
        stored.push((Matched { target, addresses: targets::recipients(one) }, lane));
    }
    Wanted::new(stored.into_iter())
}
