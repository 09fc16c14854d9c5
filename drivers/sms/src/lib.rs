//! SMS for `sms:` subscribers (RFC 5724), by SMPP 3.4 or by an HTTP gateway, through accounts that have names.
//!
//! `settings` and `options` are what is written; `number` and `sender` are who it goes to and who it is from; `text` is
//! what it becomes; `account` is what each kind of account does with it. The kinds do not know each other.

mod account;
mod driver;
mod gateways;
mod number;
mod options;
mod sender;
mod settings;
mod smpp;
mod text;
mod words;

pub use driver::Sms;
pub use gateways::{GenericSettings, KannelSettings, TwilioSettings, VonageSettings};
pub use settings::{AccountSettings, Settings};
pub use smpp::{Alphabet, Bind, ReceiptIds, Segmentation, Settings as SmppSettings};
