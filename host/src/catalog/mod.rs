//! Queues and subscriptions: what may stand in a queue's metadata and in options, and who may be subscribed. A bad
//! URI or option dies here, at the door, with a message that points at the place.

mod answering;
mod devices;
mod ending;
mod entrusting;
mod error;
mod metadata;
mod options;
mod queues;
mod secrets;
mod shapes;
mod subscribing;
mod targets;

pub use answering::Answerer;
pub use error::CatalogError;
pub(crate) use metadata::is_reserved;
pub use metadata::with_defaults;
pub use options::{Unknown, check as check_options};
pub use queues::Catalog;
pub use subscribing::{Change, Wish};
pub use targets::Admitted;
