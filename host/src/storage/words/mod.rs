//! The nouns that pass between the host and its store.

mod delivery;
mod engine;
mod error;
<<<<<<< HEAD
mod gauges;
=======
mod health;
>>>>>>> ce4cf76 (Leave alone who is gone, disable who fails for days, and tell of it)
mod post;
mod queue;
mod subscription;

pub use delivery::{CancelResult, DeliveryFilter, DeliveryPage, DeliveryView, RequeueResult};
pub use engine::{Committed, LaneRow, Loaded, Scanned, Standing};
pub use error::StoreError;
<<<<<<< HEAD
pub use gauges::{Gauges, Tally};
=======
pub use health::{Disabled, Finding, Found, Tell};
>>>>>>> ce4cf76 (Leave alone who is gone, disable who fails for days, and tell of it)
pub use post::{Accepted, Addressed, Dedup, Draft, NewTarget, Post};
pub use queue::{PullFilter, Pulled, Purge, QueueRow, QueueStats};
pub use subscription::{
    NewSubscription, Subscribed, SubscriptionChange, SubscriptionRow, TargetView, Updated,
};
