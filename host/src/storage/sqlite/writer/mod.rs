//! The writer: its handle on the async side, the thread that gathers, and the commit.

mod checkpoint;
mod copier;
mod disk;
mod gather;
mod handle;
mod pace;
mod thread;
mod transaction;

pub(super) use disk::stop_damaged;
pub(super) use handle::Writer;
pub(super) use thread::Desk;
