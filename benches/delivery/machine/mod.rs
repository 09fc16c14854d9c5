//! What is asked of the machine: cores, time, and what the kernel counts of a process.

mod child;
mod cores;
mod name;
mod now;
mod usage;

pub(crate) use child::Ended;
pub(crate) use cores::{Cores, pinned};
pub(crate) use name::name;
pub(crate) use now::now_ns;
pub(crate) use usage::Usage;
