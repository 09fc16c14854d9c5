//! Kannel's `sendsms`, and the delivery reports that it fetches from the `dlr-url` of a message.
//!
//! What is asked stands in the headers `X-Kannel-*` of a POST, so that the password is in no address and no log of one. User
//! guide of Kannel 1.4.5, tables 7-11, 7-16, 7-17 and chapter 10.

mod settings;
mod vendor;

pub use settings::Settings;
