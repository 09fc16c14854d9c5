//! The nouns that pass between the host and its store.

mod claim;
mod consent;
mod delivery;
mod device;
mod engine;
mod error;
mod gauges;
mod health;
mod job;
mod key;
mod post;
mod queue;
mod receipt;
mod subscription;
mod usage;

pub use claim::{Claimed, DeadLetters, Deletion, NewClaim};
pub use consent::{Addressee, Asking, By, Consent, Question, Telling, Word, Wording};
pub use delivery::{CancelResult, DeliveryFilter, DeliveryPage, DeliveryView, RequeueResult, Selection};
pub use device::{DeviceRow, EndedDevice, Lost, LostDevice};
pub use engine::{Committed, LaneRow, Loaded, Scanned, Standing};
pub use error::StoreError;
pub use gauges::{Forgotten, Gauges, Tally};
pub use health::{Disabled, Finding, Found, Tell};
pub use job::{
    Asked, Begun, Catch, END, JobFilter, JobId, JobKey, JobRow, JobState, NewJob, Progress, Search, Verb,
};
pub use key::KeyRow;
pub use post::{Accepted, Addressed, Dedup, Draft, NewTarget, Post};
pub use queue::{PullFilter, Pulled, Purge, QueueRow, QueueStats};
pub use receipt::{GoneLater, ReceiptView, ReceiptWord, Sent};
pub use subscription::{
    NewSubscription, Subscribed, SubscriptionChange, SubscriptionRow, TargetView, Updated, alone_at,
    own_destination,
};
pub use usage::{Stored, Usage, UsageDay};
