//! The host's side of the driver boundary: loads dynamic libraries and runs child processes as drivers.
//!
//! A [`Library`] is checked before any of its code runs, and is never unloaded. Each of its drivers becomes a
//! [`Loaded`], which is a [`Driver`](nuncio_core::Driver) like any other. An
//! [`ExecDriver`] is one too: a process that the host starts and keeps alive.

#![allow(unsafe_code, reason = "half of the boundary; every block says why it is sound")]

pub mod exec;

mod create;
mod doctor;
mod error;
mod flight;
mod instance;
mod library;
mod loaded;
mod open;
mod redact;
mod schema;
mod text;

pub use doctor::{Finding, inspect};
pub use error::LoadError;
pub use exec::{ExecDriver, ExecError, ExecOptions};
pub use flight::Standing;
pub use library::{Library, LoadOptions};
pub use loaded::Loaded;
pub use redact::Redactor;
pub use schema::validate;
