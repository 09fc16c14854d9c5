//! The world around the host, as one process on one core: the sink that takes deliveries, and the load generator that
//! posts messages and knows from the sink what has arrived.

mod ballast;
mod behaviour;
mod closed;
mod command;
mod connection;
mod load;
mod open;
mod process;
mod serve;

pub(crate) use behaviour::Behaviour;
pub(crate) use command::{Ballast, Load, Loaded, Pace};
pub(crate) use process::Outside;
pub(crate) use serve::{Listen, serve};
