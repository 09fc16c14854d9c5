//! What a stranger meets who writes a driver: each is built outside of the workspace, as its author would.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "what fails in here fails the test")]

mod acme;
mod frozen;
mod generated;
mod guest;
mod guide;
mod memory;
mod page;
mod shapes;
mod walk;
