//! The world around the host, as one process on one core: the sink that takes deliveries, and the load generator that
//! posts messages and knows from the sink what has arrived.

mod ballast;
mod behaviour;
mod client;
mod closed;
mod command;
mod connection;
mod journal;
mod letter;
mod load;
mod open;
mod process;
mod samples;
mod serve;
mod wire;

pub(crate) use behaviour::Behaviour;
pub(crate) use command::{Ballast, Load, Loaded, Pace};
pub(crate) use letter::Letter;
pub(crate) use process::Outside;
pub(crate) use serve::{Listen, serve};
