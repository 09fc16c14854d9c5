//! What the scenarios stand on: the real program and real servers as throwaway instances on loopback, each with a
//! folder and free ports of its own, ended when it is dropped (after a panic too).
#![allow(clippy::disallowed_methods, reason = "real processes live in real time")]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "what fails in here fails the test that uses it")]

pub mod command;
pub mod http;
pub mod sink;
pub mod stranger;

mod authority;
mod folder;
mod host;
mod maildir;
mod nginx;
mod port;
mod postfix;
mod shadow;
mod wait;
mod wire;

pub use authority::Authority;
pub use folder::Folder;
pub use host::{Host, Recipe, binary, failures, libraries};
pub use maildir::{Mail, Maildir};
pub use nginx::Nginx;
pub use port::free_port;
pub use postfix::{PASSWORD, Postfix, USER};
pub use shadow::Shadow;
pub use sink::{Received, Reply, Sink};
pub use wait::{patiently, until};
