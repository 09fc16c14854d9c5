//! Everything that a notice says, as one line of JSON.

use std::{fs::File, io::Write as _, path::Path};

use nuncio_plugin_sdk::{
    Content, Kind, Meta, Notice, Part, Recipient, Refusal, SubscriberUri,
    serde_json::{Value, json},
    uri::Form,
};

/// A file that lines are added to.
pub struct Lines(File);

impl Lines {
    pub fn open(path: &Path) -> Result<Self, Refusal> {
        let file = File::options().append(true).create(true).open(path);
        file.map(Self)
            .map_err(|error| Refusal::new("/file", error.to_string()).fix("name a file that can be written"))
    }

    pub fn add(&self, line: &Value) -> Result<(), String> {
        (&self.0).write_all(format!("{line}\n").as_bytes()).map_err(|error| error.to_string())
    }
}

pub fn of(notice: &Notice<'_>, by: &str) -> Value {
    let Content { subject, text, html, parts, .. } = notice.content;
    json!({
        "by": by, "id": notice.id, "attempt": notice.attempt,
        "times": [notice.now_ms, notice.created_ms, notice.deadline_ms],
        "uri": uri(notice.uri),
        "recipients": notice.recipients.iter().map(recipient).collect::<Vec<_>>(),
        "content_type": notice.content_type, "body": notice.body.len(),
        "content": [subject, text, html],
        "parts": parts.iter().map(part).collect::<Vec<_>>(),
        "options": notice.options.0,
        "meta": meta(&notice.meta),
    })
}

fn uri(uri: &SubscriberUri) -> Value {
    let form = match uri.form() {
        Form::Mailto(_) => "mailto",
        Form::Http(_) => "http",
        Form::Sms(_) => "sms",
        Form::Log(_) => "log",
        _ => "other",
    };
    json!([
        uri.written(),
        uri.shown(),
        uri.scheme(),
        uri.canonical(),
        uri.redacted(),
        form,
        uri.destination()
    ])
}

fn recipient(recipient: &Recipient<'_>) -> Value {
    json!([recipient.index, recipient.address])
}

fn part(part: &Part<'_>) -> Value {
    json!([part.name, part.content_type, part.content_id, part.inline, part.data.len()])
}

fn meta(meta: &Meta<'_>) -> Value {
    let kind = match meta.kind {
        Kind::Notification => "notification",
        Kind::Confirmation => "confirmation",
        Kind::Unsubscribe => "unsubscribe",
        Kind::Digest => "digest",
        Kind::Test => "test",
        Kind::Event => "event",
        _ => "later",
    };
    json!({
        "project": meta.project, "queue": meta.queue, "message": meta.message, "subscription": meta.subscription,
        "kind": kind, "ttl": meta.ttl, "delay": meta.delay, "headers": meta.headers,
    })
}
