//! What is kept, and how: small traits by noun, and a folder for each store.

pub mod sqlite;

#[cfg(test)]
pub(crate) mod conformance;
mod traits;
mod words;

pub use traits::{
    Catalog, Claims, Deliveries, Devices, Health, Intake, Jobs, Keys, Pull, Retention, Store, Usages,
};
pub use words::{
    Accepted, Addressed, Addressee, Asked, Asking, Begun, By, CancelResult, Catch, Claimed, Committed,
    Consent, DeadLetters, Dedup, Deletion, DeliveryFilter, DeliveryPage, DeliveryView, DeviceRow, Disabled,
    Draft, END, EndedDevice, Finding, Forgotten, Found, Gauges, GoneLater, JobFilter, JobId, JobKey, JobRow,
    JobState, KeyRow, LaneRow, Loaded, Lost, LostDevice, NewClaim, NewJob, NewSubscription, NewTarget, Post,
    Progress, PullFilter, Pulled, Purge, Question, QueueRow, QueueStats, ReceiptView, ReceiptWord,
    RequeueResult, Scanned, Search, Selection, Sent, Standing, StoreError, Stored, Subscribed,
    SubscriptionChange, SubscriptionRow, Tally, TargetView, Tell, Telling, Updated, Usage, UsageDay, Verb,
    Word, Wording, alone_at, own_destination,
};
