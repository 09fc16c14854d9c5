//! What is asked of the machine: cores, time, and what the kernel counts of a process.

mod child;
mod cores;
mod name;
mod now;
mod perf;
mod usage;

pub use child::Ended;
pub use cores::{Cores, pinned};
pub use name::{disk, name};
pub use now::now_ns;
pub use perf::Perf;
pub use usage::Usage;
