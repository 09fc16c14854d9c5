//! Vonage's SMS API: `POST /sms/json`, which answers 200 to everything, and receipts that it signs.
//!
//! <https://developer.vonage.com/en/api/sms>

mod codes;
mod settings;
mod signature;
mod vendor;

pub use settings::Settings;
