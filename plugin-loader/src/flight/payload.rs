//! A notice as C sees it, with a copy of all that it points to.

use std::ptr;

use nuncio_core::{Notice, abi};

/// How much memory a slot keeps for its next notice, in bytes: 16 KiB. More is given back.
const KEPT_BYTES: usize = 16 << 10;

/// A notice as C sees it, and its copies. It is filled, then lent to the driver until its token completes; the memory is
/// used again for the next one.
#[derive(Debug)]
pub(super) struct Payload {
    notice: abi::Notice,
    bytes: Vec<u8>,
    recipients: Vec<abi::Recipient>,
    recipient_pointers: Vec<*const abi::Recipient>,
    parts: Vec<abi::Part>,
    part_pointers: Vec<*const abi::Part>,
}

// SAFETY: its pointers lead into its own buffers, which move with it.
unsafe impl Send for Payload {}

/// The length of a C struct as its own `size` says it.
const fn size_of_u32<T>() -> u32 {
    // No struct of the header has more than a few hundred bytes.
    size_of::<T>() as u32
}

impl Payload {
    pub(super) const fn new() -> Self {
        // SAFETY: null pointers, null lengths and zeros are valid in every field (rule 9).
        let mut notice: abi::Notice = unsafe { std::mem::zeroed() };
        notice.size = size_of_u32::<abi::Notice>();
        Self {
            notice,
            bytes: Vec::new(),
            recipients: Vec::new(),
            recipient_pointers: Vec::new(),
            parts: Vec::new(),
            part_pointers: Vec::new(),
        }
    }

    /// What the driver is given.
    pub(super) const fn notice(&self) -> &abi::Notice {
        &self.notice
    }

    pub(super) const fn set_token(&mut self, token: u64) {
        self.notice.token = token;
    }

    /// The indices of the recipients.
    pub(super) fn recipients(&self) -> impl ExactSizeIterator<Item = u32> {
        self.recipients.iter().map(|one| one.index)
    }

    /// Copies `notice` into it.
    pub(super) fn fill(&mut self, notice: &Notice<'_>) {
        self.bytes.clear();
        if self.bytes.capacity() > KEPT_BYTES {
            self.bytes.shrink_to(KEPT_BYTES);
        }
        let options = self.json(&notice.options.0, notice.options.is_empty());
        let headers = self.json(notice.meta.headers, notice.meta.headers.is_empty());
        let needed = needed(notice);
        self.bytes.reserve(needed);
        // From here on the buffer does not move.
        let base = self.bytes.as_mut_ptr();
        let filled = self.bytes.len();
        // SAFETY: both ranges lie in the buffer.
        let (options, headers) = unsafe { (options.at(base), headers.at(base)) };
        // SAFETY: what was filled lies in the buffer, and behind it so much room was reserved.
        let mut copier = Copier { next: unsafe { base.add(filled) }, room: needed };
        self.copy_recipients(notice, &mut copier);
        self.copy_parts(notice, &mut copier);
        let Notice { content, meta, .. } = notice;
        self.notice = abi::Notice {
            size: size_of_u32::<abi::Notice>(),
            attempt: notice.attempt,
            token: 0,
            id: copier.copy(notice.id.as_bytes()),
            now_ms: notice.now_ms,
            created_ms: notice.created_ms,
            deadline_ms: notice.deadline_ms,
            uri: copier.copy(notice.uri.canonical().as_bytes()),
            recipients: self.recipient_pointers.as_ptr(),
            recipient_count: self.recipient_pointers.len(),
            content_type: copier.copy(notice.content_type.as_bytes()),
            body: copier.copy(notice.body),
            subject: copier.copy(content.subject.as_bytes()),
            text: copier.copy(content.text.as_bytes()),
            html: copier.copy(content.html.as_bytes()),
            parts: self.part_pointers.as_ptr(),
            part_count: self.part_pointers.len(),
            options_json: options,
            headers_json: headers,
            project: copier.copy(meta.project.as_bytes()),
            queue: copier.copy(meta.queue.as_bytes()),
            message: copier.copy(meta.message.as_bytes()),
            subscription: copier.copy(meta.subscription.as_bytes()),
            ttl_s: meta.ttl,
            delay_s: meta.delay.unwrap_or(-1),
            kind: meta.kind as u32,
            reserved: 0,
        };
    }

    fn copy_recipients(&mut self, notice: &Notice<'_>, copier: &mut Copier) {
        let size = size_of_u32::<abi::Recipient>();
        let copied = notice.recipients.iter().map(|one| abi::Recipient {
            size,
            index: one.index,
            address: copier.copy(one.address.as_bytes()),
        });
        self.recipients.clear();
        self.recipients.extend(copied);
        self.recipient_pointers.clear();
        self.recipient_pointers.extend(self.recipients.iter().map(ptr::from_ref));
    }

    fn copy_parts(&mut self, notice: &Notice<'_>, copier: &mut Copier) {
        let copied = notice.content.parts.iter().map(|part| abi::Part {
            size: size_of_u32::<abi::Part>(),
            flags: if part.inline { abi::INLINE } else { 0 },
            name: copier.copy(part.name.as_bytes()),
            content_type: copier.copy(part.content_type.as_bytes()),
            content_id: copier.copy(part.content_id.as_bytes()),
            data: copier.copy(part.data),
        });
        self.parts.clear();
        self.parts.extend(copied);
        self.part_pointers.clear();
        self.part_pointers.extend(self.parts.iter().map(ptr::from_ref));
    }

    /// Writes `value` as JSON unless there is nothing in it.
    fn json(&mut self, value: &impl serde::Serialize, is_empty: bool) -> Range {
        let start = self.bytes.len();
        if !is_empty && serde_json::to_writer(&mut self.bytes, value).is_err() {
            // Maps of JSON values and of strings always have a JSON form.
            self.bytes.truncate(start);
        }
        Range { start, len: self.bytes.len() - start }
    }
}

/// Copies piece after piece into room that was reserved.
struct Copier {
    next: *mut u8,
    room: usize,
}

impl Copier {
    #[inline]
    fn copy(&mut self, piece: &[u8]) -> abi::Bytes {
        // `needed` counts every piece: there is always room. Without it nothing is written.
        if piece.is_empty() || piece.len() > self.room {
            return abi::Bytes::EMPTY;
        }
        let copied = abi::Bytes { ptr: self.next, len: piece.len() };
        // SAFETY: so much room is left, and what is borrowed for the call is not the slot's own buffer.
        unsafe {
            ptr::copy_nonoverlapping(piece.as_ptr(), self.next, piece.len());
            self.next = self.next.add(piece.len());
        }
        self.room -= piece.len();
        copied
    }
}

/// The room for all that is copied as it stands. A plain sum: it is made for every delivery.
fn needed(notice: &Notice<'_>) -> usize {
    let Notice { content, meta, .. } = notice;
    let mut needed = notice.id.len() + notice.uri.canonical().len() + notice.content_type.len();
    needed += notice.body.len() + content.subject.len() + content.text.len() + content.html.len();
    needed += meta.project.len() + meta.queue.len() + meta.message.len() + meta.subscription.len();
    for one in notice.recipients {
        needed += one.address.len();
    }
    for part in content.parts {
        needed += part.name.len() + part.content_type.len() + part.content_id.len() + part.data.len();
    }
    needed
}

/// A piece of the buffer while it may still move.
#[derive(Clone, Copy)]
struct Range {
    start: usize,
    len: usize,
}

impl Range {
    /// # Safety
    /// The range must lie in the buffer at `base`.
    const unsafe fn at(self, base: *const u8) -> abi::Bytes {
        if self.len == 0 {
            return abi::Bytes::EMPTY;
        }
        // SAFETY: by the caller's word.
        abi::Bytes { ptr: unsafe { base.add(self.start) }, len: self.len }
    }
}
