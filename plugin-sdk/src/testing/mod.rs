//! The conformance kit: one line in a driver's tests.
//!
//! ```text
//! // tests/conformance.rs
//! use my_driver as _;
//!
//! nuncio_plugin_sdk::testing::conformance!(
//!     Kit::of("ntfy").uri("ntfy://{server}/alerts").refuses("ntfy://ntfy.sh/").http()
//! );
//! ```
//!
//! It runs one table of rules on the driver as it is linked and on the library that it becomes, against servers on
//! loopback that answer well, badly or not at all. All that is broken is told at once: what was seen, what the host
//! would have made of it, and how to mend it. `{server}` stands for the host and port of such a server.
//!
//! For a driver's other tests there are [`made`], which makes a driver as a host does, [`Letter`], which is a notice
//! with everything in it, [`Server`], and [`Host`], which knows devices and remembers receipts.

mod bench;
mod caught;
mod clock;
mod finding;
mod garbage;
mod host;
mod kit;
mod letter;
mod library;
mod line;
mod made;
mod rules;
mod schema;
mod server;
mod table;
mod watch;

pub use crate::conformance;
pub use clock::Stopped;
pub use finding::{Finding, Findings, Rule, Verdict};
pub use host::Host;
pub use kit::Kit;
pub use letter::Letter;
pub use library::Packaging;
pub use made::{made, made_at};
pub use server::{Case, Conversation, Does, Peer, Server, Wire};
