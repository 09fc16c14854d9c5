//! The key.

use std::fmt;

use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD},
};
use zeroize::Zeroize;

/// 32 bytes that open what is sealed in a database. They are gone from memory with it, and never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct SealingKey([u8; 32]);

impl SealingKey {
    /// Reads 32 bytes from 64 hexadecimal digits or from base64, with spaces around them or without.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let hex = || {
            let sound = text.len() == 64 && text.bytes().all(|b| b.is_ascii_hexdigit());
            let pair = |at: usize| u8::from_str_radix(text.get(at..at + 2)?, 16).ok();
            if sound { (0..64).step_by(2).map(pair).collect() } else { None }
        };
        let base64 = || {
            let engines = [STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD];
            engines.iter().find_map(|engine| engine.decode(text).ok())
        };
        let mut bytes: Vec<u8> = hex().or_else(base64)?;
        let key = <[u8; 32]>::try_from(bytes.as_slice()).ok().map(Self);
        bytes.zeroize();
        key
    }

    pub(super) const fn of(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    pub(super) const fn bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// As it stands in a key file: hexadecimal digits and a newline.
    pub(super) fn written(&self) -> String {
        self.0.iter().map(|byte| format!("{byte:02x}")).chain(["\n".to_owned()]).collect()
    }
}

impl fmt::Debug for SealingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SealingKey(***)")
    }
}

impl Drop for SealingKey {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn other_lengths_are_no_key() {
        for bad in
            ["", "00", &"0".repeat(63), &"g".repeat(64), &STANDARD.encode([1; 31]), &STANDARD.encode([1; 33])]
        {
            assert_eq!(SealingKey::parse(bad), None, "{bad}");
        }
    }

    proptest! {
        #[test]
        fn a_key_is_read_as_hex_and_as_base64(bytes: [u8; 32]) {
            let key = SealingKey(bytes);
            for text in [key.written(), STANDARD.encode(bytes), URL_SAFE_NO_PAD.encode(bytes), key.written().to_uppercase()] {
                prop_assert_eq!(SealingKey::parse(&text), Some(key.clone()));
            }
        }

        #[test]
        fn any_text_is_a_key_or_none(text in "\\PC{0,70}") {
            drop(SealingKey::parse(&text));
        }
    }
}
