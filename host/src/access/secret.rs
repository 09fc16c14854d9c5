//! The text of an API key: `nk_ID_SECRET`, an id of 12 hexadecimal digits and 256 random bits in base64url.

use std::fmt;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use rustls::crypto::{SecureRandom, aws_lc_rs};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

/// What every API key begins with, so that scanners find one that was published by mistake.
const PREFIX: &str = "nk_";
/// Digits of an id.
const ID: usize = 12;
/// Bytes of the secret.
const SECRET: usize = 32;

/// A new key, to be shown once.
pub struct NewSecret {
    /// What it is listed and revoked by.
    pub id: String,
    /// The whole key.
    pub text: Zeroizing<String>,
}

impl fmt::Debug for NewSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewSecret").field("id", &self.id).finish_non_exhaustive()
    }
}

/// The system gives no randomness.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the system gives no randomness for a key")]
pub struct NoRandomness;

impl NewSecret {
    /// Makes one.
    ///
    /// # Errors
    /// When the system gives no randomness.
    pub fn make() -> Result<Self, NoRandomness> {
        let (mut id, mut secret) = ([0; ID / 2], Zeroizing::new([0; SECRET]));
        let random: &dyn SecureRandom = aws_lc_rs::default_provider().secure_random;
        random.fill(&mut id).and_then(|()| random.fill(secret.as_mut())).map_err(|_| NoRandomness)?;
        let id = id.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"));
        let text =
            Zeroizing::new(format!("{PREFIX}{id}_{}", *Zeroizing::new(URL_SAFE_NO_PAD.encode(*secret))));
        Ok(Self { id, text })
    }
}

/// The id in the text of a key; `None` when it is not shaped like one.
pub(super) fn id(text: &str) -> Option<&str> {
    let (id, secret) = text.strip_prefix(PREFIX)?.split_once('_')?;
    let shaped = id.len() == ID && secret.len() == (SECRET * 4).div_ceil(3) && text.is_ascii();
    shaped.then_some(id)
}

/// What is kept of a key. A password needs a slow hash, since it can be guessed; nobody guesses 256 random bits, so
/// that one round of SHA-256 is enough, and a request is not slowed down by it.
pub(super) fn hash(text: &str) -> [u8; 32] {
    Sha256::digest(text.as_bytes()).into()
}

/// Whether two hashes are equal, in a time that does not tell where they differ.
pub(super) fn same(one: &[u8; 32], other: &[u8; 32]) -> bool {
    one.ct_eq(other).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_new_key_bears_its_id_and_is_like_no_other() {
        let (one, other) = (NewSecret::make().unwrap(), NewSecret::make().unwrap());
        assert_eq!(id(&one.text), Some(one.id.as_str()));
        assert_eq!(one.text.len(), 3 + 12 + 1 + 43);
        assert_ne!(*one.text, *other.text);
        assert!(same(&hash(&one.text), &hash(&one.text)) && !same(&hash(&one.text), &hash(&other.text)));
        assert!(!format!("{one:?}").contains(one.text.as_str()));
    }

    proptest! {
        #[test]
        fn any_text_is_a_key_or_none(text in "(nk_)?[0-9a-f]{0,14}_?[-_A-Za-z0-9]{0,50}|\\PC{0,70}") {
            if let Some(id) = id(&text) {
                prop_assert!(text.len() == 59 && text.contains(id));
            }
        }
    }
}
