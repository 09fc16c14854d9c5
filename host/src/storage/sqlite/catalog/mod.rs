//! Queues and subscriptions.

pub(super) mod change;
pub(super) mod consent;
pub(super) mod health;
pub(super) mod queues;
pub(super) mod subscriptions;
