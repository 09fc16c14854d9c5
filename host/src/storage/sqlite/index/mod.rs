//! Who is subscribed to a queue, in memory: read when the queue is first used, kept while there is room, and changed with
//! the catalog.
//!
//! A subscription takes 40 bytes. Its filter is compiled once for all subscriptions of the queue that have the same, and
//! evaluated once a message. What a message matched is kept for the next one that passes the same filters.

mod distinct;
mod interest;
mod recent;
mod wanted;

pub(super) use interest::{Active, Interest};
pub(super) use recent::{Recent, Weight};
pub(super) use wanted::{Body, Seen, Wanted};
