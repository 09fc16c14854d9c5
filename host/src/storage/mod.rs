//! What is kept, and how: small traits by noun, and a folder for each store.

pub mod sqlite;

#[cfg(test)]
mod conformance;
mod traits;
mod words;

pub use traits::{Catalog, Deliveries, Health, Intake, Pull, Retention, Store};
pub use words::{
    Accepted, Addressed, CancelResult, Committed, Dedup, DeliveryFilter, DeliveryPage, DeliveryView,
    Disabled, Draft, Finding, Forgotten, Found, Gauges, LaneRow, Loaded, NewSubscription, NewTarget, Post,
    PullFilter, Pulled, Purge, QueueRow, QueueStats, RequeueResult, Scanned, Standing, StoreError,
    Subscribed, SubscriptionChange, SubscriptionRow, Tally, TargetView, Tell, Updated,
};
