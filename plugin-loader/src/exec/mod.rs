//! Drivers as child processes: one JSON object a line on stdin and stdout, as docs/exec-drivers.md says.
//!
//! An [`ExecDriver`] is a [`Driver`](nuncio_core::Driver) like any other. Behind it a supervisor keeps one process
//! alive; each life of it is its own, with its own tokens, and ends with a word on every delivery that it held.

mod backoff;
mod calls;
mod command;
mod driver;
mod error;
mod flights;
mod guard;
mod handshake;
mod hearing;
mod life;
mod lines;
mod masks;
mod message;
mod meter;
mod options;
mod outbox;
mod process;
mod read;
mod running;
mod spawner;
mod state;
mod stderr;
mod supervisor;
mod suspects;
mod writer;

pub use backoff::Backoff;
pub use driver::ExecDriver;
pub use error::ExecError;
pub use message::{Blob, FromChild, Item, Level, PROTOCOL, Status, ToChild};
pub use options::{ExecOptions, LINE_BYTES};
pub use read::{Foreign, read};
