//! The routes over a real store and real delivery.

mod deliveries;
mod house;
mod messages;
mod notifications;
mod queues;
mod rules;
mod subscriptions;
