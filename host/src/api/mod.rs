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
mod devices;
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
mod posted;
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
pub(crate) mod tests;

use crate::times;

pub(crate) use base::document as home_document;
pub(crate) use body::{Limit, Members, members as object};
pub(crate) use context::{Caller, client_id, identification};
pub use face::{Face, Shared};
pub(crate) use health::report as health_report;
pub(crate) use keys::{key_made, key_shown};
pub(crate) use messages::{known as message_ids, page as messages_page};
pub(crate) use params::Params;
pub(crate) use posted::listed as wanted_messages;
pub(crate) use problem::Problem;
pub(crate) use queues::{page as queues_page, resource_types};
pub use router::{router, sockets};
pub(crate) use shown::json_text;
pub(crate) use subscriptions::{
    page as subscriptions_page, shown as subscription, warnings as subscription_warnings,
};
