//! Replaying and cancelling many deliveries by filter.
//!
//! A job is a row of the store. It is carried on slice by slice: a reader finds the next deliveries, and one commit of
//! the writer holds what is done to them and how far the job is then. A job that is cut off goes on at the next start
//! with nothing done twice and nothing left out, and between two slices the writer serves everybody else.

mod desk;
mod runner;

pub use desk::Jobs;
