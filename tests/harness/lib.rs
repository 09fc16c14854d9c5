//! What the scenarios stand on: the real program and real servers as throwaway instances on loopback, each with a
//! folder and free ports of its own, ended when it is dropped (after a panic too).
#![allow(clippy::disallowed_methods, reason = "real processes live in real time")]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "what fails in here fails the test that uses it")]

pub mod command;
pub mod http;

pub mod sink;
pub mod stranger;

mod account;
mod authority;
mod failing_disk;
mod folder;
mod host;
mod kannel;
mod keystone;
mod maildir;
mod nginx;
mod node;
mod port;
mod postfix;
mod preload;
mod prism;
mod push_service;
mod python;
mod shadow;
mod small_disk;
mod smsc;
mod socket;
mod vendor;
mod wait;
mod wall_clock;
mod wire;

pub use account::{Accepted, Account};
pub use authority::Authority;
pub use failing_disk::FailingDisk;
pub use folder::Folder;
pub use host::{Host, Recipe, Tenant, binary, failures, libraries};
pub use kannel::{Arrived, KANNEL_PASSWORD, KANNEL_USER, Kannel, Phone, Text};
pub use keystone::{Account as Member, Keystone};
pub use maildir::{Mail, Maildir};
pub use nginx::Nginx;
pub use node::node;
pub use port::free_port;
pub use postfix::{PASSWORD, Postfix, USER};
pub use prism::Prism;
pub use push_service::{Browser, PushService};
pub use python::python;
pub use shadow::Shadow;
pub use sink::{Cut, Received, Reply, Sink};
pub use small_disk::SmallDisk;
pub use smsc::Smsc;
pub use socket::Socket;
pub use vendor::Vendor;
pub use wait::{patiently, until};
pub use wall_clock::WallClock;
