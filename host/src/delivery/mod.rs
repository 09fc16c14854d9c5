//! Tokio around the engine: it is fed what was committed and what drivers say, and its actions are carried out.
//!
//! The engine itself is `nuncio_core::engine`, a pure state machine. Here are its tasks:
//! `intake` turns commits into jobs, `runner` owns the engine, `recorder` writes its settlements in order,
//! `attempt` carries out one dispatch, alone or in a `batch`, and [`Work`] is what the API may ask. A panic in one of them ends the process
//! (`vital`); a panic of a driver is a failed attempt (`panics`).

mod answer;
mod attempt;
mod batch;
mod events;
mod handed;
mod health;
mod intake;
mod lanes;
mod masking;
mod messages;
mod observe;
mod panics;
mod prepared;
mod recorder;
mod runner;
mod targets;
mod vital;
mod work;

pub(crate) use events::{Events, Happened};
pub use observe::Observed;
pub(crate) use panics::{caught, contained};
pub use work::{Degraded, Parts, Work};
