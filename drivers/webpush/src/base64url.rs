//! Base64url as browsers write it: without padding, though some libraries add it (RFC 7515, section 2).

use base64::{
    Engine as _,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};

const ENGINE: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::URL_SAFE,
    GeneralPurposeConfig::new()
        .with_encode_padding(false)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// `bytes` without padding.
pub(crate) fn write(bytes: impl AsRef<[u8]>) -> String {
    ENGINE.encode(bytes)
}

/// Exactly `N` bytes, from text with or without padding; `None` where it is anything else.
pub(crate) fn read<const N: usize>(text: &str) -> Option<[u8; N]> {
    // Longer than any of the lengths that are read: not worth a buffer.
    if text.len() > 128 {
        return None;
    }
    ENGINE.decode(text).ok()?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_are_read_and_one_is_written() {
        assert_eq!(read::<4>("_-8AAA"), Some([255, 239, 0, 0]));
        assert_eq!(read::<4>("_-8AAA=="), read::<4>("_-8AAA"));
        assert_eq!(write([255, 239, 0, 0]), "_-8AAA");
        for wrong in ["", "_-8AA", "/+8AAA", "_-8AAAA", "_-8AA\n"] {
            assert_eq!(read::<4>(wrong), None, "{wrong}");
        }
    }
}
