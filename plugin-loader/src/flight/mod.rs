//! Deliveries in the hands of a driver: what they carry, their tokens, and where their outcomes wait.

mod free;
mod payload;
mod reports;
mod secrets;
mod slot;
mod slots;
mod token;

#[cfg(test)]
mod model;

pub(crate) use secrets::{Secrets, hidden_in, texts_at};
pub use slots::Standing;
pub(crate) use slots::{Forgotten, Seat, Slots};
pub(crate) use token::Token;
