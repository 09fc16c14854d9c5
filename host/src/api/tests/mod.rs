//! The routes over a real store and real delivery.

mod claims;
mod confirming;
mod deliveries;
mod devices;
pub(crate) mod house;
mod inbound;
mod jobs;
mod keys;
mod limits;
mod messages;
mod notifications;
mod queues;
mod rebinding;
mod reload;
mod rules;
mod signed;
mod subscriptions;
mod topics;
pub(crate) mod walk;
