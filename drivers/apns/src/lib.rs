//! Apple's push service: `apns:ID`, where ID is a device that the host keeps. See the README beside this crate.

mod account;
mod answer;
mod device;
mod driver;
mod options;
mod payload;
mod render;
mod settings;
mod token;

pub use driver::Apns;
