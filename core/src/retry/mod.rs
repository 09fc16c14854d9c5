//! The retry policy: one pure function says what comes after an attempt.
//!
//! Our own policies are a list of delays or exponential, with jitter and a window; Zaqar's `_retry_policy` keeps
//! its four phases and exact times.

mod keys;
mod own;
mod policy;
mod verdict;
mod zaqar;

pub use policy::{Policy, effective};
pub use verdict::{Tried, Verdict, judge};
