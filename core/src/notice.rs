//! What a driver is given: a [`Notice`], the open deliveries of one target, together.

use std::collections::BTreeMap;

use crate::{Kind, Options, SubscriberUri};

/// One attempt: everything a driver needs, borrowed until it has answered.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Notice<'a> {
    /// The delivery id of the target's first recipient: the same on every attempt, the idempotency key.
    pub id: &'a str,
    /// Which attempt this is, from 1.
    pub attempt: u32,
    /// When this attempt began, in Unix milliseconds.
    pub now_ms: i64,
    /// When the message was accepted, in Unix milliseconds.
    pub created_ms: i64,
    /// When the attempt must be over, in Unix milliseconds; the host enforces it as well.
    pub deadline_ms: i64,
    /// The subscriber.
    pub uri: &'a SubscriberUri,
    /// The recipients that are still open.
    pub recipients: &'a [Recipient<'a>],
    /// The media type of `body`.
    pub content_type: &'a str,
    /// The message as it was posted: any bytes.
    pub body: &'a [u8],
    /// The message rendered.
    pub content: Content<'a>,
    /// The options of the subscription.
    pub options: &'a Options,
    /// Where the message comes from.
    pub meta: Meta<'a>,
}

impl<'a> Notice<'a> {
    /// The first attempt of delivery `id`, with no content and no time limit: set what is wanted.
    #[must_use]
    pub const fn new(
        id: &'a str,
        uri: &'a SubscriberUri,
        recipients: &'a [Recipient<'a>],
        options: &'a Options,
    ) -> Self {
        Self {
            id,
            attempt: 1,
            now_ms: 0,
            created_ms: 0,
            deadline_ms: i64::MAX,
            uri,
            recipients,
            content_type: "",
            body: b"",
            content: Content::EMPTY,
            options,
            meta: Meta::EMPTY,
        }
    }
}

/// One recipient of a [`Notice`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Recipient<'a> {
    /// Its number, to be used in [`Outcomes::each`](crate::Outcomes::each).
    pub index: u32,
    /// Its address, as the driver's `check` named it.
    pub address: &'a str,
}

impl<'a> Recipient<'a> {
    /// The recipient `index` at `address`.
    #[must_use]
    pub const fn new(index: u32, address: &'a str) -> Self {
        Self { index, address }
    }
}

/// A message rendered: what a person reads. Absent parts are empty.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Content<'a> {
    /// The subject or title: one line.
    pub subject: &'a str,
    /// The plain text.
    pub text: &'a str,
    /// The HTML form.
    pub html: &'a str,
    /// Attachments, in order.
    pub parts: &'a [Part<'a>],
}

impl<'a> Content<'a> {
    /// Nothing.
    pub const EMPTY: Self = Self { subject: "", text: "", html: "", parts: &[] };

    /// Content of a text alone.
    #[must_use]
    pub const fn text(text: &'a str) -> Self {
        Self { text, ..Self::EMPTY }
    }

    /// With a subject.
    #[must_use]
    pub const fn with_subject(mut self, subject: &'a str) -> Self {
        self.subject = subject;
        self
    }

    /// With an HTML form.
    #[must_use]
    pub const fn with_html(mut self, html: &'a str) -> Self {
        self.html = html;
        self
    }

    /// With attachments.
    #[must_use]
    pub const fn with_parts(mut self, parts: &'a [Part<'a>]) -> Self {
        self.parts = parts;
        self
    }
}

/// An attachment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Part<'a> {
    /// Its file name, without a path.
    pub name: &'a str,
    /// Its media type.
    pub content_type: &'a str,
    /// By what the HTML refers to it (`cid:`), without angle brackets; may be empty.
    pub content_id: &'a str,
    /// Whether it is shown within the HTML rather than beside it.
    pub inline: bool,
    /// Its bytes.
    pub data: &'a [u8],
}

impl<'a> Part<'a> {
    /// The attachment `data`, called `name`.
    #[must_use]
    pub const fn new(name: &'a str, content_type: &'a str, data: &'a [u8]) -> Self {
        Self { name, content_type, content_id: "", inline: false, data }
    }

    /// Shown within the HTML, which refers to it as `cid:CONTENT_ID`.
    #[must_use]
    pub const fn inline(mut self, content_id: &'a str) -> Self {
        self.content_id = content_id;
        self.inline = true;
        self
    }
}

/// Where a message comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Meta<'a> {
    /// The project (tenant).
    pub project: &'a str,
    /// The queue, empty for a notification without one.
    pub queue: &'a str,
    /// The public id of the message.
    pub message: &'a str,
    /// The public id of the subscription, empty for an ad-hoc target.
    pub subscription: &'a str,
    /// Why the message exists.
    pub kind: Kind,
    /// Life of the message for pull, in seconds; Zaqar's webhook body shows it.
    pub ttl: i64,
    /// Seconds for which the message is hidden from pull, where its queue delays.
    pub delay: Option<i64>,
    /// Headers that came with the message.
    pub headers: &'a BTreeMap<String, String>,
}

impl Meta<'_> {
    /// Nothing.
    pub const EMPTY: Self = Meta {
        project: "",
        queue: "",
        message: "",
        subscription: "",
        kind: Kind::Notification,
        ttl: 0,
        delay: None,
        headers: const { &BTreeMap::new() },
    };
}

impl Default for Meta<'_> {
    fn default() -> Self {
        Self::EMPTY
    }
}
