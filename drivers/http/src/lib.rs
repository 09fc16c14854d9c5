//! Webhooks: `http:` and `https:`, and both with `trust+` before them. See the README beside this crate for settings, options and what is sent.

mod cloudevents;
mod driver;
mod messages;
mod options;
mod plan;
mod render;
mod settings;
mod sign;
mod target;
mod trust;

pub use driver::Webhook;
