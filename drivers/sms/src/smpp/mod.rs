//! SMPP 3.4: an account at a message centre (SMSC).

mod settings;

pub use settings::Settings;
