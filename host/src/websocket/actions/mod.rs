//! What clients can ask for, one file a noun. The shapes are Zaqar's; what they stand on is what HTTP stands on.

mod claims;
mod host;
mod messages;
mod pools;
mod queues;
mod subscriptions;
mod table;

pub(super) use messages::prepare;
pub use table::actions;
pub(super) use table::{QUEUE, Run, Verb, find};
