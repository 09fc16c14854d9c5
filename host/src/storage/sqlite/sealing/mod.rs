//! Encryption at rest: bodies and attributes of queues that ask for it, and always what subscribers are and how they are
//! reached (URIs, addresses and options hold passwords and keys).
//!
//! What is sealed is AES-256-GCM with a random nonce: a byte for the key's number, 12 bytes of nonce, then ciphertext and
//! tag. Text is sealed as `=` and base64, which no stored text begins with otherwise, so that what an earlier version
//! left in the clear can still be read. What a value belongs to is bound to it: moved to another row it does not open.
//!
//! The connections have SQL functions for it: `sealed(value, place)`, `unsealed(value, place)`, and `fingerprint(text)`,
//! a keyed hash for what must be compared and never shown.

mod functions;
mod key;
mod keyring;
mod sealer;

#[cfg(test)]
mod tests;

pub(super) use functions::{UNOPENED, install};
pub use key::SealingKey;
pub(super) use keyring::{Keyring, file_of, private};
pub(super) use sealer::Sealer;
