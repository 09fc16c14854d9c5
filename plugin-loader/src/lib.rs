//! The host's side of the driver boundary: loads dynamic libraries and runs child processes as drivers.
//!
//! A [`Library`] is checked before any of its code runs, and is never unloaded. Each of its drivers becomes a
//! [`Loaded`], which is a [`Driver`](nuncio_core::Driver) like any other. An
//! [`ExecDriver`] is one too: a process that the host starts and keeps alive.

pub mod exec;

mod doctor;
mod error;
mod library;
mod loaded;
mod redact;
mod schema;

pub use doctor::{Finding, inspect};
pub use error::LoadError;
pub use exec::{ExecDriver, ExecError, ExecOptions};
pub use library::{Library, LoadOptions};
pub use loaded::Loaded;
pub use redact::Redactor;
pub use schema::validate;
