//! Nuncio's nouns and rules, and the engine of delivery. No runtime, HTTP, SQL, clock or randomness in here.

pub mod abi;
pub mod duration;
pub mod engine;
pub mod filter;
pub mod net;
pub mod notice_json;
pub mod packed;
pub mod pointer;
pub mod registry;
pub mod retry;
pub mod uri;
pub mod wire;
pub mod zaqar;

mod attributes;
mod batch;
mod clock;
mod context;
mod dispatch;
mod driver;
mod ids;
mod lane;
mod manifest;
mod message;
mod notice;
mod options;
mod outcome;
mod settlement;
mod suggest;
mod switchboard;
mod token;

pub use attributes::Attributes;
pub use batch::{Batch, Settle};
pub use clock::Clock;
pub use context::{Context, HostCalls, NoCalls};
pub use dispatch::{Dispatcher, Entry, Origin, Refused};
pub use driver::{Checked, Create, Driver, Linked, Refusal, SettingsError};
pub use ids::{
    ClaimId, DeliveryKey, EPOCH_MS, LaneId, MAX_RECIPIENTS, MessageId, MessageIds, ProjectId, Public,
    PublicIds, QueueId, SubscriptionId, TargetId,
};
pub use lane::{LaneRules, OnDead, Order, Rate};
pub use manifest::{ContentForm, Limits, Manifest, Network};
pub use message::{Kind, Matched, Message, numbered};
pub use notice::{Content, Meta, Notice, Part, Recipient};
pub use options::Options;
pub use outcome::{Outcome, Outcomes, Report, Scope};
pub use registry::Registry;
pub use settlement::{Cursor, Deferred, Failure, Fresh, Settlement, State, Why};
pub use suggest::closest;
pub use switchboard::Switchboard;
pub use token::{NoToken, Token, TokenCall};
pub use uri::SubscriberUri;

#[doc(hidden)]
pub use inventory;
