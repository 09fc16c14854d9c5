//! Notices as a host lays them out.

use nuncio_plugin_sdk::{
    core::{
        abi::{self, Bytes},
        notice_json::{NoticeJson, RecipientJson},
    },
    serde_json,
};

/// A notice with all it points to.
pub(crate) struct Raw {
    pub(crate) notice: Box<abi::Notice>,
    _json: Box<NoticeJson>,
    _texts: [String; 2],
    _recipients: Vec<abi::Recipient>,
    _recipient_pointers: Vec<*const abi::Recipient>,
    _parts: Vec<abi::Part>,
    _part_pointers: Vec<*const abi::Part>,
}

/// A notice whose subject tells the test driver what to do.
pub(crate) fn json(subject: &str) -> NoticeJson {
    let mut json = NoticeJson::default();
    json.id = format!("id-{subject}");
    json.attempt = 1;
    json.uri = "test://somewhere/".to_owned();
    json.recipients = vec![RecipientJson { index: 0, address: json.uri.clone() }];
    json.subject = subject.to_owned();
    json.deadline_ms = i64::MAX;
    json
}

/// A notice for each of `subjects`, with the tokens 1, 2, 3, ...
pub(crate) fn lot<const N: usize>(subjects: [&str; N]) -> Vec<Raw> {
    (1..).zip(subjects).map(|(token, subject)| Raw::of(token, json(subject))).collect()
}

fn text(text: &str) -> Bytes {
    Bytes::of(text.as_bytes())
}

impl Raw {
    pub(crate) fn of(token: u64, json: NoticeJson) -> Self {
        let json = Box::new(json);
        let empty_or = |empty: bool, written: serde_json::Result<String>| {
            if empty { String::new() } else { written.unwrap() }
        };
        let options = empty_or(json.options.is_empty(), serde_json::to_string(&json.options));
        let headers = empty_or(json.headers.is_empty(), serde_json::to_string(&json.headers));
        let recipients = json.recipients.iter().map(|one| {
            let size = size_of::<abi::Recipient>() as u32;
            abi::Recipient { size, index: one.index, address: text(&one.address) }
        });
        let recipients: Vec<_> = recipients.collect();
        let parts = json.parts.iter().map(|one| abi::Part {
            size: size_of::<abi::Part>() as u32,
            flags: if one.inline { abi::INLINE } else { 0 },
            name: text(&one.name),
            content_type: text(&one.content_type),
            content_id: text(&one.content_id),
            data: Bytes::of(&one.data),
        });
        let parts: Vec<_> = parts.collect();
        let recipient_pointers: Vec<_> = recipients.iter().map(std::ptr::from_ref).collect();
        let part_pointers: Vec<_> = parts.iter().map(std::ptr::from_ref).collect();
        let notice = abi::Notice {
            recipients: recipient_pointers.as_ptr(),
            recipient_count: recipients.len(),
            parts: part_pointers.as_ptr(),
            part_count: parts.len(),
            options_json: text(&options),
            headers_json: text(&headers),
            ..plain(token, &json)
        };
        Self {
            notice: Box::new(notice),
            _json: json,
            _texts: [options, headers],
            _recipients: recipients,
            _recipient_pointers: recipient_pointers,
            _parts: parts,
            _part_pointers: part_pointers,
        }
    }
}

/// The fields that stand for themselves.
fn plain(token: u64, json: &NoticeJson) -> abi::Notice {
    abi::Notice {
        size: size_of::<abi::Notice>() as u32,
        attempt: json.attempt,
        token,
        id: text(&json.id),
        now_ms: json.now_ms,
        created_ms: json.created_ms,
        deadline_ms: json.deadline_ms,
        uri: text(&json.uri),
        recipients: std::ptr::null(),
        recipient_count: 0,
        content_type: text(&json.content_type),
        body: Bytes::of(&json.body),
        subject: text(&json.subject),
        text: text(&json.text),
        html: text(&json.html),
        parts: std::ptr::null(),
        part_count: 0,
        options_json: Bytes::EMPTY,
        headers_json: Bytes::EMPTY,
        project: text(&json.project),
        queue: text(&json.queue),
        message: text(&json.message),
        subscription: text(&json.subscription),
        ttl_s: json.ttl,
        delay_s: json.delay.unwrap_or(-1),
        kind: json.kind as u32,
        reserved: 0,
    }
}
