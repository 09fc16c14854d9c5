//! The HTTP face: Zaqar v2 on the wire at `/v2`, and what Zaqar lacks beside it.
//!
//! One file a noun. `context` holds the rules that every request meets first, `problem` all that can go wrong.

mod answer;
mod attachments;
mod attributes;
mod base;
mod body;
mod context;
mod deliveries;
mod denials;
mod drivers;
mod face;
mod inbound;
mod job_request;
mod jobs;
mod keys;
mod later;
mod members;
mod messages;
mod notifications;
mod page;
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
mod signature;
mod subscriptions;

#[cfg(test)]
mod tests;

use crate::times;

pub(crate) use base::document as home_document;
pub(crate) use body::{Limit, Members, object};
pub(crate) use context::{Caller, client_id, queue_name};
pub use face::{Face, Shared};
pub(crate) use keys::{key_made, key_shown};
pub(crate) use messages::{
    json_text, known as message_ids, page as messages_page, pop_limit, wanted as wanted_messages,
};
pub(crate) use params::Params;
pub(crate) use problem::Problem;
pub(crate) use queues::{page as queues_page, resource_types};
pub use router::{router, sockets};
pub(crate) use subscriptions::{page as subscriptions_page, shown as subscription};
