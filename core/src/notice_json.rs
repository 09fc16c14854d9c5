//! A notice as JSON: what a child process is given, and what a library's `render` is called with.

use std::collections::BTreeMap;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::{Content, Kind, Meta, Notice, Options, Part, Recipient, SubscriberUri, uri::UriError};

/// A [`Notice`] with everything it borrows.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(default)]
#[non_exhaustive]
#[allow(missing_docs, reason = "they are those of a notice, its content and its meta")]
pub struct NoticeJson {
    pub id: String,
    pub attempt: u32,
    pub now_ms: i64,
    pub created_ms: i64,
    pub deadline_ms: i64,
    /// The canonical URI.
    pub uri: String,
    pub recipients: Vec<RecipientJson>,
    pub content_type: String,
    /// The body as base64.
    #[serde(serialize_with = "encoded", deserialize_with = "decoded")]
    pub body: Vec<u8>,
    pub subject: String,
    pub text: String,
    pub html: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<PartJson>,
    pub options: Options,
    pub project: String,
    pub queue: String,
    pub message: String,
    pub subscription: String,
    pub kind: Kind,
    pub ttl: i64,
    pub delay: Option<i64>,
    pub headers: BTreeMap<String, String>,
}

/// A [`Recipient`] with its address.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default)]
#[allow(missing_docs, reason = "they are those of a recipient")]
pub struct RecipientJson {
    pub index: u32,
    pub address: String,
}

/// A [`Part`] with its bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default)]
#[allow(missing_docs, reason = "they are those of a part")]
pub struct PartJson {
    pub name: String,
    pub content_type: String,
    pub content_id: String,
    pub inline: bool,
    /// The bytes as base64.
    #[serde(serialize_with = "encoded", deserialize_with = "decoded")]
    pub data: Vec<u8>,
}

impl NoticeJson {
    /// What `notice` borrows, owned.
    #[must_use]
    pub fn of(notice: &Notice<'_>) -> Self {
        let Notice { content, meta, .. } = notice;
        let recipient =
            |one: &Recipient<'_>| RecipientJson { index: one.index, address: one.address.to_owned() };
        Self {
            id: notice.id.to_owned(),
            attempt: notice.attempt,
            now_ms: notice.now_ms,
            created_ms: notice.created_ms,
            deadline_ms: notice.deadline_ms,
            uri: notice.uri.canonical().to_owned(),
            recipients: notice.recipients.iter().map(recipient).collect(),
            content_type: notice.content_type.to_owned(),
            body: notice.body.to_owned(),
            subject: content.subject.to_owned(),
            text: content.text.to_owned(),
            html: content.html.to_owned(),
            parts: content.parts.iter().map(PartJson::of).collect(),
            options: notice.options.clone(),
            project: meta.project.to_owned(),
            queue: meta.queue.to_owned(),
            message: meta.message.to_owned(),
            subscription: meta.subscription.to_owned(),
            kind: meta.kind,
            ttl: meta.ttl,
            delay: meta.delay,
            headers: meta.headers.clone(),
        }
    }

    /// What a notice of this borrows.
    ///
    /// # Errors
    /// When the URI cannot be parsed.
    pub fn opened(&self) -> Result<Opened<'_>, UriError> {
        Ok(Opened {
            json: self,
            uri: SubscriberUri::parse(&self.uri)?,
            recipients: self.recipients.iter().map(|one| Recipient::new(one.index, &one.address)).collect(),
            parts: self.parts.iter().map(PartJson::part).collect(),
        })
    }
}

impl PartJson {
    fn of(part: &Part<'_>) -> Self {
        Self {
            name: part.name.to_owned(),
            content_type: part.content_type.to_owned(),
            content_id: part.content_id.to_owned(),
            inline: part.inline,
            data: part.data.to_owned(),
        }
    }

    fn part(&self) -> Part<'_> {
        let mut part = Part::new(&self.name, &self.content_type, &self.data);
        part.content_id = &self.content_id;
        part.inline = self.inline;
        part
    }
}

/// A [`NoticeJson`] with what has to be read out of it.
#[derive(Clone, Debug)]
pub struct Opened<'a> {
    json: &'a NoticeJson,
    uri: SubscriberUri,
    recipients: Vec<Recipient<'a>>,
    parts: Vec<Part<'a>>,
}

impl Opened<'_> {
    /// The notice.
    #[must_use]
    pub fn notice(&self) -> Notice<'_> {
        let json = self.json;
        Notice {
            id: &json.id,
            attempt: json.attempt,
            now_ms: json.now_ms,
            created_ms: json.created_ms,
            deadline_ms: json.deadline_ms,
            uri: &self.uri,
            recipients: &self.recipients,
            content_type: &json.content_type,
            body: &json.body,
            content: Content::text(&json.text)
                .with_subject(&json.subject)
                .with_html(&json.html)
                .with_parts(&self.parts),
            options: &json.options,
            meta: Meta {
                project: &json.project,
                queue: &json.queue,
                message: &json.message,
                subscription: &json.subscription,
                kind: json.kind,
                ttl: json.ttl,
                delay: json.delay,
                headers: &json.headers,
            },
        }
    }
}

fn encoded<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&STANDARD.encode(bytes))
}

fn decoded<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
    let text = String::deserialize(deserializer)?;
    STANDARD.decode(text).map_err(serde::de::Error::custom)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn a_notice_is_the_same_behind_its_json() {
        let (uri, options) = (SubscriberUri::parse("x:é").err(), Options::default());
        assert!(uri.is_some(), "a URI is ASCII");
        let uri = SubscriberUri::parse("x://ann:pw@h/a?b").unwrap();
        let (recipients, parts) =
            ([Recipient::new(7, "a@b.c")], [Part::new("a.png", "image/png", b"\0\xff").inline("c1")]);
        let mut notice = Notice::new("d1", &uri, &recipients, &options);
        notice.body = b"\xff\0";
        notice.content = Content::text("ä").with_parts(&parts);
        notice.meta.queue = "q";
        let json = NoticeJson::of(&notice);
        let text = serde_json::to_string(&json).unwrap();
        let read: NoticeJson = serde_json::from_str(&text).unwrap();
        assert_eq!(read, json);
        let opened = read.opened().unwrap();
        let again = opened.notice();
        assert_eq!((again.uri.canonical(), again.body), (uri.canonical(), notice.body));
        assert_eq!(
            (again.content, again.recipients, again.meta),
            (notice.content, notice.recipients, notice.meta)
        );
    }

    #[test]
    fn what_is_absent_is_empty_and_what_is_unknown_is_ignored() {
        let read: NoticeJson = serde_json::from_value(json!({"id": "d", "later": 1})).unwrap();
        assert_eq!(read, NoticeJson { id: "d".into(), ..NoticeJson::default() });
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "\\PC{0,80}") {
            drop(serde_json::from_str::<NoticeJson>(&text));
        }
    }
}
