//! The HTTP face: Zaqar v2 on the wire at `/v2`, and what Zaqar lacks beside it.
//!
//! One file a noun. `context` holds the rules that every request meets first, `problem` all that can go wrong.

mod answer;
mod attachments;
mod attributes;
mod base;
mod body;
mod claims;
mod context;
mod deliveries;
mod denials;
mod drivers;
mod face;
mod health;
mod html;
mod inbound;
mod job_request;
mod jobs;
mod keys;
mod later;
mod members;
mod messages;
mod notifications;
mod openapi;
mod page;
mod pages;
mod params;
mod patch;
mod probes;
mod problem;
mod queues;
mod reload;
mod request;
mod requests;
mod router;
mod routes;
mod share;
mod shown;
mod signature;
mod subscriptions;
mod usage;

#[cfg(test)]
mod tests;

use crate::times;

pub use face::{Face, Shared};
pub(crate) use keys::{key_made, key_shown};
pub use router::router;
