//! `nuncio demo`: the main job in one command, on this machine alone.
//!
//! A host on a store in a temporary folder, receivers on loopback, real requests to the host's own API, and an
//! account checked at the receivers.

mod account;
mod client;
mod command;
mod journal;
mod mail;
mod narrator;
mod play;
mod receipts;
mod stage;
mod webhooks;

pub(super) use command::{Arguments, run};
