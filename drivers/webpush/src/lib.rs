//! `webpush:ID`: a notification in a browser, by whichever push service the browser chose (RFC 8030), encrypted for that
//! browser alone (RFC 8291) and signed with the key of an account (RFC 8292).

mod accounts;
mod answer;
mod base64url;
mod browser;
mod driver;
mod options;
mod payload;
mod render;
mod seal;
mod services;
mod settings;
mod strangers;
mod vapid;

pub use driver::WebPush;
pub use settings::{AccountSettings, Settings};
