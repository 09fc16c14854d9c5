//! The WebSocket transport: Zaqar's protocol, version 2, on the HTTP port at `/` and on a listener of its own.
//!
//! `upgrade` is the handshake, `sessions` all connections and `session` one at work: frames of two `form`s hold a
//! `request`, `identity` says who asks, `actions` are what can be asked. The `hub` knows what is attached to which
//! connection; as a `driver` it delivers there, through the `outbox` of the connection.

mod actions;
mod call;
mod connection;
pub(crate) mod driver;
mod ending;
mod form;
mod hub;
mod identity;
mod msgpack;
mod outbox;
mod places;
mod request;
mod session;
mod sessions;
pub(crate) mod upgrade;

#[cfg(test)]
mod tests;

pub use actions::actions;
pub use hub::Hub;
pub use sessions::Sessions;
