//! Child processes as drivers: that they deliver, and what happens when they misbehave.
// The lint knows test functions, not what helps them.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod answers;
mod beginnings;
mod deaths;
mod ends;
mod example;
mod misbehaviour;
mod page;
mod secrets;
mod support;
