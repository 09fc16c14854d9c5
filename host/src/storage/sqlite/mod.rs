//! The store in one SQLite file: one writer, many readers, group commit.
//!
//! A thread owns the write connection (`writer`). It takes what arrived while the last commit was on its way to the
//! disk, runs each operation in one transaction (in a savepoint, if it may be refused after it has written), commits,
//! answers, and publishes what is new. Reads have connections of their own and see one committed state for one page. WAL with `synchronous=FULL`: `NORMAL`
//! would lose acknowledged messages at a power cut.

mod backup;
mod catalog;
mod claims;
mod commit;
mod connection;
mod damage;
mod deliveries;
mod devices;
mod early;
mod error;
mod examine;
mod faces;
mod index;
mod intake;
mod jobs;
mod json;
mod keys;
mod limits;
mod lock;
mod marks;
mod memory;
mod named;
mod pull;
mod reader;
mod retention;
mod sealing;
mod store;
mod sweep;
mod tally;
mod targets;
mod turned;
mod usage;
mod writer;

#[cfg(test)]
mod tests;

pub use backup::{BackupError, Copied, backup};
pub use devices::device;
pub use error::OpenError;
pub use examine::examine;
pub use limits::Limits;
pub use sealing::SealingKey;
pub use store::{Options, Sqlite};
