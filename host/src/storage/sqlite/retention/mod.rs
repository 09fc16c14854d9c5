//! What is forgotten: settled messages with all that stands of them, then what only they needed.
//!
//! Readers look for what may go, the writer looks once more and deletes it, a slice a commit: so posting waits for
//! little, and nothing that was picked up again meanwhile is deleted.

mod catalog;
mod deletion;
mod lanes;
mod outcomes;
mod search;
mod shrink;

pub(super) use catalog::tidy;
pub(super) use deletion::delete;
pub(super) use lanes::{drop_unused, unused};
pub(super) use search::{Found, search};
