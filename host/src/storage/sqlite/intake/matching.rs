//! Who wants the messages of a POST.

use nuncio_core::{Matched, ProjectId, QueueId, SubscriptionId};

use crate::storage::{
    Draft, NewTarget, StoreError,
    sqlite::{
        commit::Commit,
        index::{Body, Seen, Wanted},
        targets,
    },
};

/// Who wants each of `drafts`. Lists that are the same are shared.
pub(super) fn subscribed(
    commit: &mut Commit<'_>,
    queue: QueueId,
    drafts: &[Draft],
) -> Result<Vec<Wanted>, StoreError> {
    let wants = |draft: &Draft| {
        let body = Body::new(draft.body.clone());
        let seen = Seen { attributes: &draft.attributes, body: &body };
        commit.memory.wanted(commit.db, queue, seen, commit.now)
    };
    drafts.iter().map(wants).collect()
}

/// Ad-hoc targets, stored now.
pub(super) fn addressed(
    commit: &mut Commit<'_>,
    project: ProjectId,
    new: &[NewTarget],
) -> Result<Wanted, StoreError> {
    let mut stored = Vec::with_capacity(new.len());
    for one in new {
        let (target, lane) = targets::add(commit, project, SubscriptionId::NONE, one)?;
        stored.push((Matched { target, addresses: targets::recipients(one) }, lane));
    }
    Wanted::new(stored.into_iter())
}
