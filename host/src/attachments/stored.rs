//! How attachments are stored: their bytes stand behind the message's own in its body, one after the other, and a header
//! says what they are. The header's name begins with a colon, which no name of a header does (RFC 9110, section 5.1), so
//! that no producer can write it; drivers and templates see neither the header nor the longer body.

use std::{collections::BTreeMap, sync::Arc};

use bytes::{Bytes, BytesMut};
use nuncio_core::Message;
use serde::{Deserialize, Serialize};

use super::attachment::Attachment;

const HEADER: &str = ":attachments";
/// The form of the header; another one is of a later version.
const FORM: u8 = 1;

/// Attachments that a stored message names and that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the attachments of the stored message cannot be read: {0}")]
pub struct StoredError(String);

#[derive(Deserialize, Serialize)]
struct Stored {
    form: u8,
    parts: Vec<StoredPart>,
}

#[derive(Deserialize, Serialize)]
struct StoredPart {
    name: String,
    content_type: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    content_id: String,
    #[serde(default)]
    inline: bool,
    bytes: usize,
}

/// The body and the headers of a message, with `attachments`.
#[must_use]
pub fn enclose(
    body: Bytes,
    mut headers: BTreeMap<String, String>,
    attachments: &[Attachment],
) -> (Bytes, BTreeMap<String, String>) {
    if attachments.is_empty() {
        return (body, headers);
    }
    let part = |one: &Attachment| StoredPart {
        name: one.name.clone(),
        content_type: one.content_type.clone(),
        content_id: one.content_id.clone(),
        inline: one.inline,
        bytes: one.data.len(),
    };
    let stored = Stored { form: FORM, parts: attachments.iter().map(part).collect() };
    // Strings and numbers are always JSON.
    headers.insert(HEADER.to_owned(), serde_json::to_string(&stored).unwrap_or_default());
    let length = attachments.iter().map(|one| one.data.len()).sum::<usize>();
    let mut all = BytesMut::with_capacity(body.len() + length);
    all.extend_from_slice(&body);
    for one in attachments {
        all.extend_from_slice(&one.data);
    }
    (all.freeze(), headers)
}

/// The message as it was posted, and its attachments. Copies no bytes.
///
/// # Errors
/// When they are of a later version, or damaged.
pub fn open(message: Arc<Message>) -> Result<(Arc<Message>, Vec<Attachment>), StoredError> {
    let Some(header) = message.headers.get(HEADER) else { return Ok((message, Vec::new())) };
    let stored: Stored = serde_json::from_str(header).map_err(|error| StoredError(error.to_string()))?;
    if stored.form != FORM {
        return Err(StoredError(format!("they are of form {}, and this host reads {FORM}", stored.form)));
    }
    let length = stored.parts.iter().try_fold(0_usize, |sum, part| sum.checked_add(part.bytes));
    let own = length.and_then(|length| message.body.len().checked_sub(length));
    let Some(mut at) = own else {
        return Err(StoredError("they are longer than what is stored".to_owned()));
    };
    let mut posted = Message { body: message.body.slice(..at), ..(*message).clone() };
    posted.headers.remove(HEADER);
    let attachments = stored.parts.into_iter().map(|part| {
        let data = message.body.slice(at..at + part.bytes);
        at += part.bytes;
        let StoredPart { name, content_type, content_id, inline, .. } = part;
        Attachment { name, content_type, content_id, inline, data }
    });
    let attachments = attachments.collect();
    Ok((Arc::new(posted), attachments))
}

#[cfg(test)]
mod tests {
    use super::*;
    use nuncio_core::{Kind, MessageId, ProjectId, QueueId};
    use proptest::prelude::*;

    fn message(body: impl Into<Bytes>, headers: BTreeMap<String, String>) -> Arc<Message> {
        Arc::new(Message {
            id: MessageId(1),
            post: 0,
            kind: Kind::Notification,
            project: ProjectId(1),
            queue: QueueId::NONE,
            created: 0,
            deliver_at: 0,
            deliver_until: 0,
            ttl: 60,
            delay: None,
            client: String::new(),
            content_type: "application/json".into(),
            headers,
            attributes: Default::default(),
            body: body.into(),
            matched: Arc::from([]),
        })
    }

    fn headers() -> BTreeMap<String, String> {
        [("template".to_owned(), "t".to_owned())].into()
    }

    #[test]
    fn a_message_without_attachments_is_stored_as_it_is() {
        let (body, stored) = enclose(Bytes::from_static(b"{}"), headers(), &[]);
        assert_eq!((&*body, &stored), (&b"{}"[..], &headers()));
        let message = message(body, stored);
        let (opened, attachments) = open(Arc::clone(&message)).unwrap();
        assert!(Arc::ptr_eq(&message, &opened) && attachments.is_empty());
    }

    #[test]
    fn what_is_damaged_or_of_a_later_version_is_said() {
        for (header, why) in [
            ("", "EOF"),
            (r#"{"form": 2, "parts": []}"#, "form 2"),
            (r#"{"form": 1, "parts": [{"name": "a", "content_type": "b/c", "bytes": 3}]}"#, "longer"),
        ] {
            let headers = [(HEADER.to_owned(), header.to_owned())].into();
            let error = open(message("12", headers)).unwrap_err().to_string();
            assert!(error.contains(why), "{error}");
        }
    }

    proptest! {
        #[test]
        fn what_is_stored_is_read(
            body in prop::collection::vec(any::<u8>(), 0..50),
            parts in prop::collection::vec(
                ("[a-z]{1,9}", prop::collection::vec(any::<u8>(), 0..50), "[a-z]{1,9}", any::<bool>()), 0..4),
        ) {
            let attachment = |(name, data, id, inline): (String, Vec<u8>, String, bool)| {
                Attachment::new(name, None, data).unwrap().called(id, inline).unwrap()
            };
            let attachments: Vec<_> = parts.into_iter().map(attachment).collect();
            let (stored, with) = enclose(body.clone().into(), headers(), &attachments);
            let (opened, read) = open(message(stored, with)).unwrap();
            prop_assert_eq!(&*opened.body, &*body);
            prop_assert_eq!(&opened.headers, &headers());
            prop_assert_eq!(read, attachments);
        }

        #[test]
        fn any_header_is_read_or_refused(header in "\\PC{0,80}", bytes in any::<u64>()) {
            for header in [header, format!(
                r#"{{"form": 1, "parts": [{{"name": "a", "content_type": "b", "bytes": {bytes}}}]}}"#)] {
                drop(open(message("body", [(HEADER.to_owned(), header)].into())));
            }
        }
    }
}
