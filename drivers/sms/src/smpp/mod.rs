//! SMPP 3.4: an account at a message centre (SMSC).
//!
//! From the outside in: `settings`; `account`, which makes submissions of an SMS and a report of their answers; `link`, which
//! binds and binds again, with its `window`; `session`, one connection; `pdu`, its octets. `wording`, `receipt` and `ids`
//! are what the octets say.

mod account;
mod endpoint;
#[cfg(test)]
mod fake;
mod ids;
mod link;
mod pdu;
mod receipt;
mod session;
mod settings;
mod status;
mod window;
mod wording;

pub use ids::ReceiptIds;
pub use settings::{Bind, Settings};
pub use wording::{Alphabet, Segmentation};
