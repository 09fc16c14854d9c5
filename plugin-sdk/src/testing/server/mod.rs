//! Far sides on loopback: real sockets that answer well, badly or not at all.

mod case;
mod http;
mod listening;
mod peer;
mod seen;
mod wire;

pub use case::{Case, Does};
pub use listening::Server;
pub use peer::{Conversation, Peer};
pub use wire::Wire;
