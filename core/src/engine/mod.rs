//! The engine of delivery: a pure state machine. It owns no task, clock, socket, randomness or database.

mod admit;
mod backlog;
mod breaker;
mod event;
mod flight;
mod gate;
mod gone;
mod hot;
mod judging;
mod lane;
mod machine;
mod pace;
mod read;
mod ready;
mod records;
mod revive;
mod rows;
mod settling;
mod shelve;
mod throttle;
mod timers;
mod train;
mod turned;
mod waiting;

pub use event::{Action, Batch, CancelAnswer, End, Event, GateId, Job, Limits, Notable, Open, Ticket};
pub use machine::Engine;

#[cfg(test)]
mod tests;
