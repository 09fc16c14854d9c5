//! The engine of delivery: a pure state machine. It owns no task, clock, socket, randomness or database.

mod event;
mod machine;

pub use event::{Action, Batch, CancelAnswer, End, Event, GateId, Job, Limits, Notable, Open, Ticket};
pub use machine::Engine;
