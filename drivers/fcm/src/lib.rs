//! Firebase Cloud Messaging: `fcm:ID`, where ID is a device that the host keeps. See the README beside this crate.

mod account;
mod answer;
mod assertion;
mod bearer;
mod device;
mod driver;
mod message;
mod options;
mod service_account;
mod settings;
#[cfg(test)]
mod test_key;

pub use driver::Fcm;
