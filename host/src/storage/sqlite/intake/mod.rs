//! Accepting a POST: its messages, what pull sees of them, and who gets them, in one commit.

mod accept;
mod dedup;
mod event;
mod matching;

pub(super) use accept::{accept, send};
pub(super) use event::tell;
