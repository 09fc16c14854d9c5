//! Connections by origin (`scheme://host:port`).
//!
//! An HTTP/1.1 connection serves one request at a time and rests in between; an HTTP/2 connection is shared. Which of
//! the two an origin speaks is learnt from the first connection; until then only one is opened at a time, so that many
//! requests that begin together do not open many connections that turn out to be for sharing.
//!
//! What is bounded: the connections of an origin (a request waits for its turn), those at rest of all origins (the
//! longest at rest goes first), the time that one rests. An origin without a connection and a request is forgotten.

mod lease;
mod limits;
mod reaper;
mod state;
mod visit;

pub(super) use lease::{Lease, Own, Pool, Stream};
pub use limits::Pooling;
