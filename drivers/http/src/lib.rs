//! Webhooks: `http:` and `https:`. See the README beside this crate for settings, options and what is sent.

mod cloudevents;
mod driver;
mod messages;
mod options;
mod plan;
mod render;
mod settings;
mod sign;
mod target;

pub use driver::Webhook;
