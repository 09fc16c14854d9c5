//! Sealing and opening.

use aws_lc_rs::{
    aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey},
    error::Unspecified,
    hmac,
};
use base64::{Engine as _, engine::general_purpose::STANDARD_NO_PAD};

use super::key::SealingKey;

/// The number of the key. There is one; the byte is there so that there can be others.
const KEY: u8 = 1;

/// What sealed text begins with.
const TEXT: &str = "=";

/// Seals and opens values of one database.
pub(in crate::storage::sqlite) struct Sealer {
    key: RandomizedNonceKey,
    prints: hmac::Key,
}

impl std::fmt::Debug for Sealer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Sealer(***)")
    }
}

impl Sealer {
    pub(in crate::storage::sqlite) fn new(key: &SealingKey) -> Result<Self, Unspecified> {
        // Each use has a key of its own, made from the one.
        let root = hmac::Key::new(hmac::HMAC_SHA256, key.bytes());
        let derived = |what: &str| hmac::sign(&root, what.as_bytes());
        Ok(Self {
            key: RandomizedNonceKey::new(&AES_256_GCM, derived("nuncio seal").as_ref())?,
            prints: hmac::Key::new(hmac::HMAC_SHA256, derived("nuncio fingerprint").as_ref()),
        })
    }

    /// `value`, to be opened at `place` alone.
    pub(super) fn seal(&self, value: &[u8], place: &[u8]) -> Result<Vec<u8>, Unspecified> {
        let mut sealed = value.to_vec();
        let nonce = self.key.seal_in_place_append_tag(Aad::from(place), &mut sealed)?;
        let head = [&[KEY], nonce.as_ref().as_slice()].concat();
        sealed.splice(0..0, head);
        Ok(sealed)
    }

    /// What `sealed` was at `place`.
    pub(super) fn open(&self, sealed: &[u8], place: &[u8]) -> Result<Vec<u8>, Unspecified> {
        let (head, body) = sealed.split_at_checked(1 + NONCE_LEN).ok_or(Unspecified)?;
        let (number, nonce) = head.split_at_checked(1).ok_or(Unspecified)?;
        if number != [KEY] {
            return Err(Unspecified);
        }
        let mut body = body.to_vec();
        let nonce = Nonce::try_assume_unique_for_key(nonce)?;
        let length = self.key.open_in_place(nonce, Aad::from(place), &mut body)?.len();
        body.truncate(length);
        Ok(body)
    }

    /// As [`seal`](Self::seal), of text.
    pub(super) fn seal_text(&self, text: &str, place: &[u8]) -> Result<String, Unspecified> {
        Ok(format!("{TEXT}{}", STANDARD_NO_PAD.encode(self.seal(text.as_bytes(), place)?)))
    }

    /// As [`open`](Self::open), of text; what was never sealed is as it is.
    pub(super) fn open_text(&self, text: &str, place: &[u8]) -> Result<String, Unspecified> {
        let Some(sealed) = text.strip_prefix(TEXT) else { return Ok(text.to_owned()) };
        let sealed = STANDARD_NO_PAD.decode(sealed).map_err(|_| Unspecified)?;
        String::from_utf8(self.open(&sealed, place)?).map_err(|_| Unspecified)
    }

    /// The same for the same text, and for nobody without the key.
    pub(in crate::storage::sqlite) fn fingerprint(&self, text: &str) -> String {
        let print = hmac::sign(&self.prints, text.as_bytes());
        print.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn sealer(byte: u8) -> Sealer {
        Sealer::new(&SealingKey::of([byte; 32])).unwrap()
    }

    #[test]
    fn the_same_is_never_sealed_alike_and_opens_nowhere_else() {
        let one = sealer(1);
        let sealed = one.seal(b"secret", b"place").unwrap();
        assert_ne!(sealed, one.seal(b"secret", b"place").unwrap());
        assert!(one.open(&sealed, b"elsewhere").is_err());
        assert!(sealer(2).open(&sealed, b"place").is_err());
        for at in 0..sealed.len() {
            let mut other = sealed.clone();
            other[at] ^= 1;
            assert!(one.open(&other, b"place").is_err(), "byte {at}");
        }
    }

    #[test]
    fn a_fingerprint_is_of_its_key() {
        assert_eq!(sealer(1).fingerprint("a"), sealer(1).fingerprint("a"));
        assert_ne!(sealer(1).fingerprint("a"), sealer(2).fingerprint("a"));
        assert_ne!(sealer(1).fingerprint("a"), sealer(1).fingerprint("b"));
    }

    proptest! {
        #[test]
        fn what_was_sealed_comes_back(value: Vec<u8>, text in "\\PC{0,40}", place: Vec<u8>) {
            let one = sealer(3);
            prop_assert_eq!(one.open(&one.seal(&value, &place).unwrap(), &place).unwrap(), value);
            let sealed = one.seal_text(&text, &place).unwrap();
            prop_assert_eq!(one.open_text(&sealed, &place).unwrap(), text);
        }

        #[test]
        fn any_bytes_open_or_are_refused(bytes: Vec<u8>, text in "=?[A-Za-z0-9+/]{0,80}|\\PC{0,20}") {
            drop(sealer(3).open(&bytes, b"place"));
            drop(sealer(3).open_text(&text, b"place"));
        }
    }
}
