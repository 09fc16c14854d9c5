//! `nuncio new-driver NAME`: a crate of its own that builds, passes its tests and is loaded by a host.

mod command;
mod files;
mod name;
mod sdk;

pub(super) use command::{Arguments, run};
