//! Accepting a POST: its messages, what pull sees of them, and who gets them, in one commit.

mod accept;
mod dedup;
mod matching;
mod telling;

pub(super) use accept::{accept, send};
pub(super) use telling::tell;
