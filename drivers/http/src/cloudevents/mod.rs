//! CloudEvents 1.0.2: a message as an event, in the JSON format (structured) or in headers (binary).
//!
//! <https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md>

mod binary;
mod event;
mod structured;

pub(crate) use binary::headers;
pub(crate) use event::Event;
pub(crate) use structured::{MEDIA_TYPE, json};
