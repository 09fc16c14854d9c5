//! Natural batching, for drivers whose manifest says `limits.batch` above 1.
//!
//! Notices that become ready in one turn of the runtime (`gather`) are handed over together (`call`), each with its own
//! deadline and its own outcome (`board`). Nobody waits for company, and nobody waits for a batch that is under way:
//! one endpoint that hangs would hold up those behind it. What is gathered is bounded by what is in flight.

mod board;
mod call;
mod gather;
#[cfg(test)]
mod tests;

pub(super) use gather::Batches;
