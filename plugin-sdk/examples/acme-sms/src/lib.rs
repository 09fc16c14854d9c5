//! `acme-sms:+15551234567`: an SMS by Acme.
//!
//! Acme does not exist. It stands for the many vendors that take a message as JSON over HTTP and tell later, by a signed
//! request of theirs, what became of it.

mod answer;
mod driver;
mod number;
mod options;
mod parts;
mod receipt;
mod request;
mod settings;

pub use driver::AcmeSms;
pub use settings::Settings;
