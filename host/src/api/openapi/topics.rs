//! Topics: what queues have, without claims and signed URLs.

use super::{messages, operation::Operation, queues, subscriptions};
use crate::config::Queues;

const QUEUE: &str = "/v2/queues/{queue}";

/// Everything of queues that topics have, too.
pub(super) fn operations(limits: &Queues) -> Vec<Operation> {
    let mut all = queues::operations(limits);
    all.extend(messages::operations(limits));
    all.extend(subscriptions::operations(limits));
    all.retain(|one| {
        let (_, path) = one.place();
        path.starts_with(QUEUE) && !path.ends_with("/share")
    });
    let mut all: Vec<_> =
        all.into_iter().map(|one| one.moved(QUEUE, "/v2/topics/{topic}", "topic")).collect();
    all.push(queues::listed_as("topics", "The topics of the project, by name.", limits));
    all
}
