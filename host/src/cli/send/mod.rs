//! `nuncio send URI...`: one attempt for each URI, now, without a host.

mod attached;
mod command;
mod devices;
mod parcel;
mod posted;
mod verdict;

pub(super) use command::{Arguments, rendered, run};
