//! The kit on a driver that is right, and on drivers that are wrong in each way.

// The lint knows test functions, not what helps them.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod answers;
mod content;
mod devices;
mod far_side;
mod itself;
mod manifest;
mod right;
mod said;
mod settings;
mod time;
mod twist;
mod uris;
