//! The one door for messages: limits, life, delay, idempotency. It knows no subscriptions and no drivers; what
//! a queue asks of its messages it reads from the queue's metadata.

mod attributes;
mod door;
mod rules;

pub use door::{Intake, IntakeError, Notification, Producer, Wanted};
pub use rules::Rules;
