//! What a notification on a phone or in a browser is made of, whichever service carries it.
//!
//! A producer posts one message; each channel takes of it what it can show. `docs/channels/content.md` has one message
//! and what becomes of it.

mod content;
mod fitted;
mod overflow;
#[cfg(test)]
mod properties;

pub use content::Push;
pub use fitted::{ELLIPSIS, fitted};
pub use overflow::Overflow;
