//! Webhooks: `http:` and `https:`. See the README beside this crate for settings, options and what is sent.

mod driver;
mod options;
mod render;
mod settings;
mod sign;
mod target;

pub use driver::Webhook;
