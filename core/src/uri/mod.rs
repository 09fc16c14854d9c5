//! Subscriber URIs: one grammar a file, its RFC in line 1.

mod address;
mod authority;
mod decoded;
mod error;
mod generic;
mod http;
mod log;
mod mailto;
mod piece;
mod reading;
mod recipients;
mod sms;
mod subscriber;

#[cfg(test)]
mod properties;

pub use address::Address;
pub use error::UriError;
pub use http::Http;
pub use log::Log;
pub use mailto::{MAIL, Mailto, mailbox};
pub use reading::Form;
pub use sms::Sms;
pub use subscriber::SubscriberUri;
