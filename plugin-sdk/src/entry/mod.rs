//! The C entry of a dynamic library: what `plugin-sdk/include/nuncio_driver.h` asks of a driver, once for all drivers.
//!
//! A driver crate built as a `cdylib` exports `nuncio_driver_entry_v1` from here. Linked into a host none of this runs.
//! Nothing of Rust's crosses: no future, no runtime, no allocation. Each instance has a runtime of its own.
//!
//! `symbol` finds the drivers, `create` makes an instance, `table` is what the host then calls. `view` reads a notice out
//! of the host's memory, `submit` begins it, `flight` carries what did not end at once, `complete` says how it ended.

// The other side's memory is met here: each block says why it may be.
#![allow(unsafe_code)]

mod batch;
mod calls;
mod clock;
mod complete;
mod create;
mod fields;
mod flight;
mod foreign;
mod gate;
mod host;
mod instance;
mod layout;
mod logs;
mod panics;
mod questions;
mod submit;
mod symbol;
mod table;
mod target;
mod underway;
mod view;

pub use symbol::nuncio_driver_entry_v1;
