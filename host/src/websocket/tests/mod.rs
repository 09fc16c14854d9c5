//! The transport over a real host and real sockets.

mod actions;
mod bounds;
mod client;
mod doors;
mod pushes;
mod walk;
