//! RFC 2046: the tree of parts that a mail with attachments is.

use lettre::{
    Message,
    error::Error,
    message::{
        Attachment, Body, MessageBuilder, MultiPart, MultiPartBuilder, SinglePart,
        header::{ContentTransferEncoding, ContentType},
    },
};
use nuncio_plugin_sdk::Part;

/// A mail's body while it is put together.
pub(super) enum Piece {
    Single(SinglePart),
    Multi(MultiPart),
}

impl Piece {
    /// The mail of this body.
    pub(super) fn mail(self, header: MessageBuilder) -> Result<Message, Error> {
        match self {
            Self::Single(part) => header.singlepart(part),
            Self::Multi(parts) => header.multipart(parts),
        }
    }

    /// A multipart that begins with this.
    pub(super) fn within(self, parts: MultiPartBuilder) -> MultiPart {
        match self {
            Self::Single(first) => parts.singlepart(first),
            Self::Multi(first) => parts.multipart(first),
        }
    }

    /// `parts` with this behind.
    pub(super) fn after(self, parts: MultiPart) -> MultiPart {
        match self {
            Self::Single(last) => parts.singlepart(last),
            Self::Multi(last) => parts.multipart(last),
        }
    }

    /// With `parts` behind it, in a multipart of its own kind; this alone when there are none.
    pub(super) fn with(self, kind: MultiPartBuilder, parts: Vec<SinglePart>) -> Self {
        if parts.is_empty() {
            return self;
        }
        Self::Multi(parts.into_iter().fold(self.within(kind), MultiPart::singlepart))
    }
}

/// How much of the attachments' bytes a mail shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Bytes {
    /// All: what is sent.
    All,
    /// Their number: what a person looks at.
    Counted,
}

/// The attachments that the HTML refers to (RFC 2392), and those that stand beside it. Without HTML all stand beside.
pub(super) fn attached(
    parts: &[Part<'_>],
    has_html: bool,
    bytes: Bytes,
) -> (Vec<SinglePart>, Vec<SinglePart>) {
    let (mut within, mut beside) = (Vec::new(), Vec::new());
    for part in parts {
        let name = file_name(part.name);
        let body = match bytes {
            // Left to itself lettre sends ASCII as it stands, and its line ends change on the way.
            Bytes::All => Body::new_with_encoding(part.data.to_vec(), ContentTransferEncoding::Base64)
                .unwrap_or_else(Body::new),
            Bytes::Counted => Body::dangerous_pre_encoded(
                format!("[{} bytes]", part.data.len()).into_bytes(),
                ContentTransferEncoding::Base64,
            ),
        };
        let kind = content_type(part.content_type);
        if has_html && part.inline && is_content_id(part.content_id) {
            let inline = Attachment::new_inline_with_name(part.content_id.to_owned(), name);
            within.push(inline.body(body, kind));
        } else {
            beside.push(Attachment::new(name).body(body, kind));
        }
    }
    (within, beside)
}

/// A file name that is nothing but a name: what receives it must not be led elsewhere.
fn file_name(written: &str) -> String {
    let last = written.rsplit(['/', '\\']).next().unwrap_or_default();
    let name: String = last.chars().filter(|c| !c.is_control()).collect();
    if name.is_empty() { "attachment".to_owned() } else { name }
}

/// A mail within a mail must not be in base64 (RFC 2046, section 5.2.1), which alone keeps all bytes as they are: such
/// parts, and those of an unknown type, are bytes.
fn content_type(written: &str) -> ContentType {
    let written = written.to_ascii_lowercase();
    let composite = ["multipart/", "message/"].iter().any(|kind| written.starts_with(kind));
    let known = if composite { None } else { ContentType::parse(&written).ok() };
    known.unwrap_or_else(|| ContentType::parse("application/octet-stream").unwrap_or(ContentType::TEXT_PLAIN))
}

/// What can stand between the angle brackets of `Content-ID`, in one line.
fn is_content_id(text: &str) -> bool {
    (1..=255).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic() && !b"<>\"()\\".contains(&b))
}

#[cfg(test)]
mod tests;
