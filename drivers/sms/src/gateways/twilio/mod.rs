//! Twilio: `POST /2010-04-01/Accounts/{sid}/Messages.json`, and status callbacks that it signs.
//!
//! <https://www.twilio.com/docs/messaging/api/message-resource>

mod codes;
mod settings;
mod signature;
mod vendor;

pub use settings::Settings;
