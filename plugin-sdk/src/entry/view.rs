//! A notice of the host as a driver sees it.

use std::{collections::BTreeMap, sync::Arc};

use nuncio_core::{
    Content, Kind, Meta, Notice, Part, Recipient,
    abi::{self, Bytes},
    abi_read,
};

use super::{
    foreign::{array, fields, slice, text},
    target::{Target, Targets},
};

/// Says where the bytes of a notice are kept while its driver works.
pub(super) trait Keep {
    /// `bytes`, or a copy of them.
    ///
    /// # Safety
    /// The result is used only while `bytes` and `self` live.
    unsafe fn keep(&mut self, bytes: &[u8]) -> &'static [u8];
}

/// They stay where the host has them: it keeps them until the token is completed.
pub(super) struct Lent;

impl Keep for Lent {
    unsafe fn keep(&mut self, bytes: &[u8]) -> &'static [u8] {
        // SAFETY: they are where they were, and the caller ends its use while they live.
        unsafe { std::slice::from_raw_parts(bytes.as_ptr(), bytes.len()) }
    }
}

/// A notice with everything that had to be read out of it; its bytes stay where [`Keep`] put them.
pub(super) struct View {
    id: &'static str,
    attempt: u32,
    now_ms: i64,
    created_ms: i64,
    deadline_ms: i64,
    content_type: &'static str,
    body: &'static [u8],
    /// Without its parts.
    content: Content<'static>,
    /// Without its headers.
    meta: Meta<'static>,
    target: Arc<Target>,
    recipients: Few<Recipient<'static>>,
    parts: Vec<Part<'static>>,
    headers: Option<BTreeMap<String, String>>,
}

/// Most notices have one recipient, which needs no allocation.
enum Few<T> {
    One([T; 1]),
    Several(Vec<T>),
}

impl View {
    /// Reads `notice`; the reason why it cannot be read repeats no content.
    ///
    /// # Safety
    /// `notice` is what `submit` was given, and the result lives no longer than what it points to and `keep`.
    pub(super) unsafe fn read(
        notice: *const abi::Notice,
        targets: &Targets,
        keep: &mut impl Keep,
    ) -> Result<Self, String> {
        // SAFETY: the caller's promise.
        let lent = unsafe { fields(notice) };
        let mut text = |bytes: Bytes, what: &str| {
            // SAFETY: the caller's promise.
            unsafe { kept_text(bytes, what, keep) }
        };
        let mut meta = Meta::EMPTY;
        meta.project = text(lent.project, "project")?;
        meta.queue = text(lent.queue, "queue")?;
        meta.message = text(lent.message, "message")?;
        meta.subscription = text(lent.subscription, "subscription")?;
        meta.kind = Kind::from_code(lent.kind.into()).unwrap_or_default();
        meta.ttl = lent.ttl_s;
        meta.delay = Some(lent.delay_s).filter(|seconds| *seconds >= 0);
        let content = Content::text(text(lent.text, "text")?)
            .with_subject(text(lent.subject, "subject")?)
            .with_html(text(lent.html, "html")?);
        let (id, content_type) = (text(lent.id, "id")?, text(lent.content_type, "content_type")?);
        // SAFETY: the caller's promise.
        let (body, recipients, parts) = unsafe {
            (
                keep.keep(slice(lent.body)),
                recipients(array(lent.recipients, lent.recipient_count), keep)?,
                parts(array(lent.parts, lent.part_count), keep)?,
            )
        };
        Ok(Self {
            id,
            attempt: lent.attempt,
            now_ms: lent.now_ms,
            created_ms: lent.created_ms,
            deadline_ms: lent.deadline_ms,
            content_type,
            body,
            content,
            meta,
            target: target(lent.uri, lent.options_json, targets)?,
            headers: headers(lent.headers_json)?,
            recipients,
            parts,
        })
    }

    /// The notice.
    pub(super) fn notice(&self) -> Notice<'_> {
        let recipients = match &self.recipients {
            Few::One(one) => one.as_slice(),
            Few::Several(several) => several,
        };
        let mut notice = Notice::new(self.id, &self.target.uri, recipients, &self.target.options);
        notice.attempt = self.attempt;
        notice.now_ms = self.now_ms;
        notice.created_ms = self.created_ms;
        notice.deadline_ms = self.deadline_ms;
        notice.content_type = self.content_type;
        notice.body = self.body;
        notice.content = self.content.with_parts(&self.parts);
        notice.meta = self.meta;
        if let Some(headers) = &self.headers {
            notice.meta.headers = headers;
        }
        notice
    }
}

/// # Safety
/// As [`Keep::keep`].
unsafe fn kept_text(bytes: Bytes, what: &str, keep: &mut impl Keep) -> Result<&'static str, String> {
    // SAFETY: the caller's promise.
    let kept = unsafe { keep.keep(slice(bytes)) };
    text(kept).map_err(|valid| not_utf8(what, valid))
}

fn not_utf8(what: &str, valid: usize) -> String {
    format!("{what} is not UTF-8 behind its byte {valid}")
}

fn target(uri: Bytes, options_json: Bytes, targets: &Targets) -> Result<Arc<Target>, String> {
    // SAFETY: what a notice points to lives longer than this call.
    let (uri, options_json) = unsafe { (slice(uri), slice(options_json)) };
    let uri = text(uri).map_err(|valid| not_utf8("uri", valid))?;
    let options_json = text(options_json).map_err(|valid| not_utf8("options_json", valid))?;
    targets.get(uri, options_json)
}

fn headers(json: Bytes) -> Result<Option<BTreeMap<String, String>>, String> {
    // SAFETY: what a notice points to lives longer than this call.
    let json = unsafe { slice(json) };
    if json.is_empty() {
        return Ok(None);
    }
    serde_json::from_slice(json).map(Some).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        format!("headers_json is not a JSON object of strings (line {line}, column {column})")
    })
}

/// # Safety
/// `pointers` are those of a notice; then as [`Keep::keep`].
unsafe fn recipients(
    pointers: &[*const abi::Recipient],
    keep: &mut impl Keep,
) -> Result<Few<Recipient<'static>>, String> {
    let mut read = |pointer: *const abi::Recipient| {
        // SAFETY: the caller's promise.
        let (index, address) = unsafe {
            (
                abi_read!(pointer, abi::Recipient, index, 0),
                abi_read!(pointer, abi::Recipient, address, Bytes::EMPTY),
            )
        };
        // SAFETY: the caller's promise.
        let address = unsafe { kept_text(address, "a recipient's address", keep) }?;
        Ok(Recipient::new(index, address))
    };
    if let [one] = pointers {
        return read(*one).map(|one| Few::One([one]));
    }
    let several: Result<_, String> = pointers.iter().map(|one| read(*one)).collect();
    several.map(Few::Several)
}

/// # Safety
/// As [`recipients`].
unsafe fn parts(pointers: &[*const abi::Part], keep: &mut impl Keep) -> Result<Vec<Part<'static>>, String> {
    let read = |pointer: &*const abi::Part| {
        let pointer = *pointer;
        // SAFETY: the caller's promise, and each field's place is looked at.
        unsafe {
            let mut text = |bytes, what| kept_text(bytes, what, keep);
            let name = text(abi_read!(pointer, abi::Part, name, Bytes::EMPTY), "a part's name")?;
            let content_type = abi_read!(pointer, abi::Part, content_type, Bytes::EMPTY);
            let content_type = text(content_type, "a part's content_type")?;
            let content_id = abi_read!(pointer, abi::Part, content_id, Bytes::EMPTY);
            let content_id = text(content_id, "a part's content_id")?;
            let data = keep.keep(slice(abi_read!(pointer, abi::Part, data, Bytes::EMPTY)));
            let mut part = Part::new(name, content_type, data);
            part.content_id = content_id;
            part.inline = abi_read!(pointer, abi::Part, flags, 0) & abi::INLINE != 0;
            Ok(part)
        }
    };
    if pointers.is_empty() {
        return Ok(Vec::new());
    }
    pointers.iter().map(read).collect()
}
