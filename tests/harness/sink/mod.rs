//! A webhook receiver that misbehaves as it is told: refuses, resets, hangs, drips, answers any status.

mod connection;
mod journal;
mod reply;
mod server;

#[cfg(test)]
mod tests;

pub use journal::Received;
pub use reply::{Cut, Reply};
pub use server::Sink;
