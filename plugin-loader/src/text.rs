//! Texts that a driver gives: borrowed bytes of any length and kind, read with limits.

use std::{borrow::Cow, slice};

use nuncio_core::abi::Bytes;

use crate::redact::Redactor;

/// The bytes behind `bytes`; none where the pointer is null or the length impossible.
///
/// # Safety
/// If the pointer is not null, so many bytes must be readable there for as long as `'a`.
pub(crate) unsafe fn slice<'a>(bytes: Bytes) -> &'a [u8] {
    if bytes.ptr.is_null() || bytes.len > isize::MAX as usize {
        return &[];
    }
    // SAFETY: not null, not longer than memory can be, and readable by the caller's word.
    unsafe { slice::from_raw_parts(bytes.ptr, bytes.len) }
}

/// The first `most` bytes behind `bytes`, and whether there are more.
///
/// # Safety
/// As [`slice`], for the first `most` bytes.
pub(crate) unsafe fn beginning<'a>(bytes: Bytes, most: usize) -> (&'a [u8], bool) {
    if bytes.len > isize::MAX as usize {
        return (&[], true);
    }
    let cut = bytes.len > most;
    // SAFETY: fewer bytes of what is readable by the caller's word.
    (unsafe { slice(Bytes { ptr: bytes.ptr, len: bytes.len.min(most) }) }, cut)
}

/// How much more than what is kept is read, so that masking a secret before the end of what is kept finds the whole.
const READ_AHEAD: usize = 8;

/// A text of at most `most` bytes: without secrets, and on one line.
///
/// # Safety
/// As [`slice`], for the first `8 * most` bytes.
pub(crate) unsafe fn shown(bytes: Bytes, most: usize, redactors: &[&Redactor]) -> String {
    if bytes.len == 0 {
        return String::new();
    }
    // SAFETY: by the caller's word.
    let (read, cut) = unsafe { beginning(bytes, most.saturating_mul(READ_AHEAD)) };
    clean(&String::from_utf8_lossy(read), cut, most, redactors)
}

/// `text`, cut to `most` bytes, without secrets, and on one line. `cut` says that it is the beginning of a longer one.
pub(crate) fn clean(text: &str, cut: bool, most: usize, redactors: &[&Redactor]) -> String {
    // The beginning of a secret at the cut would not be found.
    let longest = if cut { redactors.iter().map(|one| one.longest()).max().unwrap_or(0) } else { 0 };
    let mut shown = Cow::Borrowed(head(text, text.len().saturating_sub(longest)));
    for redactor in redactors {
        if let Cow::Owned(masked) = redactor.redact(&shown) {
            shown = Cow::Owned(masked);
        }
    }
    let shown = head(&shown, most);
    let line = shown.trim().chars().map(|c| if c.is_control() { ' ' } else { c });
    line.collect()
}

/// The beginning of `text` in at most `most` bytes.
fn head(text: &str, most: usize) -> &str {
    text.get(..text.floor_char_boundary(most)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn of(bytes: &[u8], most: usize, secret: &str) -> String {
        let redactor = Redactor::new([secret.to_owned()]);
        // SAFETY: the slice is alive.
        unsafe { shown(Bytes::of(bytes), most, &[&redactor]) }
    }

    #[test]
    fn what_is_not_utf8_is_replaced_and_controls_are_spaces() {
        assert_eq!(of(b"a\xffb\nc\x1b[1m", 100, "none"), "a\u{fffd}b c [1m");
    }

    #[test]
    fn a_secret_at_the_cut_leaves_nothing() {
        let text = format!("{}hunter2!", "x".repeat(16));
        for most in 1..30 {
            assert!(!of(text.as_bytes(), most, "hunter2!").contains("hunt"), "{most}");
        }
        let text = format!("{}hunter2!", "hunter2!".repeat(7));
        assert!(!of(text.as_bytes(), 8, "hunter2!").contains("hun"));
    }

    #[test]
    fn an_impossible_length_is_no_text() {
        let bytes = Bytes { ptr: b"abc".as_ptr(), len: usize::MAX };
        // SAFETY: a length that no memory has is not read.
        assert_eq!(unsafe { slice(bytes) }, b"");
    }

    proptest! {
        #[test]
        fn it_is_never_longer_than_asked(bytes in proptest::collection::vec(any::<u8>(), 0..400), most in 0usize..40) {
            // A character that stands for broken bytes may be longer than they are.
            prop_assert!(of(&bytes, most, "secret").len() <= most);
        }
    }
}
