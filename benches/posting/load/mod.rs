//! The load generator, as a process on a core of its own.

mod claims;
mod count;
mod fill;
mod floor;
mod order;
mod posts;
mod process;
mod sockets;
mod work;

pub(crate) use order::{Loaded, Order, queue};
pub(crate) use process::measure;
pub(crate) use work::run;
