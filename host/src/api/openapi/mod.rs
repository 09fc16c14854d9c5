//! The OpenAPI document: made from the operations that the routes serve, with the limits of this host.

mod base;
mod claims;
mod deliveries;
mod devices;
mod document;
mod keys;
mod messages;
mod operation;
mod parameters;
mod queues;
mod shapes;
mod subscriptions;
mod usage;

pub(super) use document::{Document, show};
