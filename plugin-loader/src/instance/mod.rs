//! A driver that was made: its table, what it may call, and what is asked of it.

mod batch;
mod blocking;
mod callbacks;
mod calls;
mod deliver;
mod devices;
mod ending;
mod flight;
mod gate;
mod limiter;
mod log;
mod methods;
mod running;
mod table;
mod threads;

pub(crate) use callbacks::host_table;
pub(crate) use ending::{end, end_within};
pub(crate) use running::Instance;
pub(crate) use table::Table;
