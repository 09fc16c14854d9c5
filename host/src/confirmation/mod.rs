//! Asking those to whom a subscription leads whether they want it: what is written to them, and where they answer.
//!
//! The store keeps who was asked and sends what is written here on the path of all deliveries.

mod desk;
mod document;
mod letter;
mod link;

pub(crate) use desk::Subscriber;
pub use desk::{Desk, Queue, unanswerable};
pub use link::{Link, Purpose};
