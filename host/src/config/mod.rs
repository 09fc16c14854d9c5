//! The configuration: one TOML file, every key also as an environment variable, secrets as references.
//!
//! One table ([`keys`]) says what a key is called, what it takes, its default and its meaning. Files and variables
//! are checked against it, the structs are filled from it, and `docs/configuration.md` is generated from it.

mod access;
mod agreement;
mod check;
mod environment;
mod key;
mod keys;
mod load;
mod model;
mod node;
mod place;
mod plugins;
mod queues;
mod rates;
mod reference;
mod secrets;
mod settings;
mod tables;
mod templates;
mod tenants;
#[cfg(test)]
mod tests;
mod units;
mod unknown;
mod websocket;

pub use access::{Auth, Keystone, Limits, Metrics, Strategy, Tls};
pub use key::{Key, Kind};
pub use keys::keys;
pub use load::VARIABLE_PREFIX;
pub use model::{
    Config, Confirm, Delivery, Events, Format, Http, Jobs, Log, Notification, SignedUrl, Storage, Template,
};
pub use place::{ConfigError, Place, Problem};
pub use plugins::{Choice, Exec, Library};
pub use queues::{Queues, Uuids};
pub use rates::DriverRate;
pub use reference::reference;
pub use settings::{Setting, Settings};
pub use tables::{Table, tables};
pub use websocket::Websocket;
