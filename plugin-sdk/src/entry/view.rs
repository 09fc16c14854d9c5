//! A notice of the host as a driver sees it.

use std::{collections::BTreeMap, str, sync::Arc};

use nuncio_core::{
    Content, Kind, Meta, Notice, Part, Recipient,
    abi::{self, Bytes},
    abi_read,
};

use super::{
    foreign::{array, slice},
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
    headers: BTreeMap<String, String>,
}

/// Most notices have one recipient, which needs no allocation.
enum Few<T> {
    One([T; 1]),
    Several(Vec<T>),
}

/// Reads a field of the notice `$from`.
macro_rules! field {
    ($from:ident.$field:ident, $absent:expr) => {
        // SAFETY: the caller of the function has `$from` be a notice of the host, whose size is looked at.
        unsafe { abi_read!($from, abi::Notice, $field, $absent) }
    };
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
        let mut text = |bytes: Bytes, what: &str| {
            // SAFETY: the caller's promise.
            unsafe { kept_text(bytes, what, keep) }
        };
        let mut meta = Meta::EMPTY;
        meta.project = text(field!(notice.project, Bytes::EMPTY), "project")?;
        meta.queue = text(field!(notice.queue, Bytes::EMPTY), "queue")?;
        meta.message = text(field!(notice.message, Bytes::EMPTY), "message")?;
        meta.subscription = text(field!(notice.subscription, Bytes::EMPTY), "subscription")?;
        meta.kind = Kind::from_code(field!(notice.kind, 0).into()).unwrap_or_default();
        meta.ttl = field!(notice.ttl_s, 0);
        meta.delay = Some(field!(notice.delay_s, -1)).filter(|seconds| *seconds >= 0);
        let content = Content::text(text(field!(notice.text, Bytes::EMPTY), "text")?)
            .with_subject(text(field!(notice.subject, Bytes::EMPTY), "subject")?)
            .with_html(text(field!(notice.html, Bytes::EMPTY), "html")?);
        let (id, content_type) = (
            text(field!(notice.id, Bytes::EMPTY), "id")?,
            text(field!(notice.content_type, Bytes::EMPTY), "content_type")?,
        );
        let body = field!(notice.body, Bytes::EMPTY);
        let (first, count) = (field!(notice.recipients, std::ptr::null()), field!(notice.recipient_count, 0));
        let (part, part_count) = (field!(notice.parts, std::ptr::null()), field!(notice.part_count, 0));
        // SAFETY: the caller's promise.
        let (body, recipients, parts) = unsafe {
            (
                keep.keep(slice(body)),
                recipients(array(first, count), keep)?,
                parts(array(part, part_count), keep)?,
            )
        };
        Ok(Self {
            id,
            attempt: field!(notice.attempt, 0),
            now_ms: field!(notice.now_ms, 0),
            created_ms: field!(notice.created_ms, 0),
            deadline_ms: field!(notice.deadline_ms, i64::MAX),
            content_type,
            body,
            content,
            meta,
            target: target(
                field!(notice.uri, Bytes::EMPTY),
                field!(notice.options_json, Bytes::EMPTY),
                targets,
            )?,
            headers: headers(field!(notice.headers_json, Bytes::EMPTY))?,
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
        notice.meta.headers = &self.headers;
        notice
    }
}

/// # Safety
/// As [`Keep::keep`].
unsafe fn kept_text(bytes: Bytes, what: &str, keep: &mut impl Keep) -> Result<&'static str, String> {
    // SAFETY: the caller's promise.
    let kept = unsafe { keep.keep(slice(bytes)) };
    str::from_utf8(kept).map_err(|error| not_utf8(what, &error))
}

fn not_utf8(what: &str, error: &str::Utf8Error) -> String {
    format!("{what} is not UTF-8 behind its byte {}", error.valid_up_to())
}

fn target(uri: Bytes, options_json: Bytes, targets: &Targets) -> Result<Arc<Target>, String> {
    // SAFETY: what a notice points to lives longer than this call.
    let (uri, options_json) = unsafe { (slice(uri), slice(options_json)) };
    let uri = str::from_utf8(uri).map_err(|error| not_utf8("uri", &error))?;
    let options_json = str::from_utf8(options_json).map_err(|error| not_utf8("options_json", &error))?;
    targets.get(uri, options_json)
}

fn headers(json: Bytes) -> Result<BTreeMap<String, String>, String> {
    // SAFETY: what a notice points to lives longer than this call.
    let json = unsafe { slice(json) };
    if json.is_empty() {
        return Ok(BTreeMap::new());
    }
    serde_json::from_slice(json).map_err(|error| {
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
    pointers.iter().map(read).collect()
}
