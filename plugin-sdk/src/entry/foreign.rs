//! Memory of the other side.

use std::{
    ptr::{addr_of, null},
    slice, str,
};

use nuncio_core::{
    abi::{Bytes, Notice},
    abi_read,
};

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

/// The fields of `notice` that lie inside its size. Of the others nothing is said: they are empty.
///
/// # Safety
/// `notice` is one of the host, whose size is as much as is readable.
pub(super) unsafe fn fields(notice: *const Notice) -> Notice {
    /// Each field by itself, if it is there.
    macro_rules! known {
        ($($field:ident: $absent:expr,)*) => {
            // SAFETY: the size is looked at for each.
            Notice { $($field: unsafe { abi_read!(notice, Notice, $field, $absent) },)* }
        };
    }
    // SAFETY: the size is always there.
    if unsafe { addr_of!((*notice).size).read() } as usize >= size_of::<Notice>() {
        // SAFETY: so is as much as this version knows of.
        return unsafe { notice.read() };
    }
    known! {
        size: 0, attempt: 0, token: 0, id: Bytes::EMPTY, now_ms: 0, created_ms: 0, deadline_ms: i64::MAX,
        uri: Bytes::EMPTY, recipients: null(), recipient_count: 0, content_type: Bytes::EMPTY, body: Bytes::EMPTY,
        subject: Bytes::EMPTY, text: Bytes::EMPTY, html: Bytes::EMPTY, parts: null(), part_count: 0,
        options_json: Bytes::EMPTY, headers_json: Bytes::EMPTY, project: Bytes::EMPTY, queue: Bytes::EMPTY,
        message: Bytes::EMPTY, subscription: Bytes::EMPTY, ttl_s: 0, delay_s: -1, kind: 0, reserved: 0,
    }
}

/// `bytes` as text; else how many of them are text.
///
/// Most texts are ASCII, which is seen several times faster than that they are UTF-8.
pub(super) fn text(bytes: &[u8]) -> Result<&str, usize> {
    if bytes.is_ascii() {
        // SAFETY: ASCII is UTF-8.
        return Ok(unsafe { str::from_utf8_unchecked(bytes) });
    }
    str::from_utf8(bytes).map_err(|error| error.valid_up_to())
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
    fn text_is_utf8() {
        assert_eq!((text(b""), text(b"ab"), text("é".as_bytes())), (Ok(""), Ok("ab"), Ok("é")));
        assert_eq!((text(b"ab\xff"), text(b"\xc3")), (Err(2), Err(0)));
    }

    #[test]
    fn text_is_cut_between_characters() {
        assert_eq!((cut("aé", 2), cut("aé", 3), cut("", 9)), ("a", "aé", ""));
    }
}
