//! What a driver is given: a [`Notice`], the open deliveries of one target, together.

use std::collections::BTreeMap;

use crate::{Options, SubscriberUri};

/// One attempt: everything a driver needs, borrowed until it has answered.
#[derive(Clone, Copy, Debug)]
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
    pub recipients: &'a [Recipient],
    /// The media type of `body`.
    pub content_type: &'a str,
    /// The message as it was posted.
    pub body: &'a [u8],
    /// The message rendered.
    pub content: &'a Content,
    /// The options of the subscription.
    pub options: &'a Options,
    /// Where the message comes from.
    pub meta: &'a Meta,
}

/// One recipient of a [`Notice`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recipient {
    /// Its number, to be used in [`Outcomes::each`](crate::Outcomes::each).
    pub index: u32,
    /// Its address, as the driver's `check` named it.
    pub address: String,
}

/// A message rendered: what a person reads. Absent parts are empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Content {
    /// The subject or title: one line.
    pub subject: String,
    /// The plain text.
    pub text: String,
    /// The HTML form.
    pub html: String,
}

impl Content {
    /// Content of a text alone.
    #[must_use]
    pub fn text(text: impl Into<String>) -> Self {
        Self { text: text.into(), ..Self::default() }
    }

    /// With a subject.
    #[must_use]
    pub fn with_subject(mut self, subject: impl Into<String>) -> Self {
        self.subject = subject.into();
        self
    }

    /// With an HTML form.
    #[must_use]
    pub fn with_html(mut self, html: impl Into<String>) -> Self {
        self.html = html.into();
        self
    }
}

/// Where a message comes from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Meta {
    /// The project (tenant).
    pub project: String,
    /// The queue, empty for a notification without one.
    pub queue: String,
    /// The public id of the message.
    pub message: String,
    /// The public id of the subscription, empty for an ad-hoc target.
    pub subscription: String,
    /// Why the message exists.
    pub kind: crate::Kind,
    /// Life of the message for pull, in seconds; Zaqar's webhook body shows it.
    pub ttl: i64,
    /// Seconds for which the message is hidden from pull, where its queue delays.
    pub delay: Option<i64>,
    /// Headers that came with the message.
    pub headers: BTreeMap<String, String>,
}
