//! Memory of the other side.

use std::slice;

use nuncio_core::abi::Bytes;

/// What `bytes` point to.
///
/// # Safety
/// `bytes` is from the other side, which keeps what it points to unchanged for `'a`.
pub(super) unsafe fn slice<'a>(bytes: Bytes) -> &'a [u8] {
    if bytes.ptr.is_null() || bytes.len == 0 {
        return &[];
    }
    // SAFETY: the caller's promise, and the header's: `len` bytes stand at `ptr`.
    unsafe { slice::from_raw_parts(bytes.ptr, bytes.len) }
}

/// The elements of an array.
///
/// # Safety
/// As [`slice`]: `count` elements stand at `first`, which may be null where `count` is 0.
pub(super) unsafe fn array<'a, T>(first: *const T, count: usize) -> &'a [T] {
    if first.is_null() || count == 0 {
        return &[];
    }
    // SAFETY: the caller's promise.
    unsafe { slice::from_raw_parts(first, count) }
}

/// The longest beginning of `text` of at most `most` bytes.
pub(super) fn cut(text: &str, most: usize) -> &str {
    let end = (0..=most.min(text.len())).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
    text.get(..end).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn null_is_empty_whatever_its_length() {
        let null = Bytes { ptr: std::ptr::null(), len: 3 };
        // SAFETY: a null pointer is not followed.
        assert!(unsafe { slice(null) }.is_empty() && unsafe { array::<u8>(std::ptr::null(), 2) }.is_empty());
    }

    #[test]
    fn text_is_cut_between_characters() {
        assert_eq!((cut("aé", 2), cut("aé", 3), cut("", 9)), ("a", "aé", ""));
    }
}
