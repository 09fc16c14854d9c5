//! A notice with everything that it borrows.

use std::time::Duration;

use nuncio_core::{
    Clock, Driver, Options, Outcomes, Refusal, Report, SubscriberUri, notice_json::NoticeJson,
    notice_json::RecipientJson,
};
use serde_json::Value;

use super::clock::System;

/// A notice to be delivered. It begins as a plain text to one recipient with a deadline of 10 s; a test says what it
/// wants otherwise, by these builders or in [`notice`](Self::notice).
#[derive(Clone, Debug)]
pub struct Letter {
    /// The notice, owned.
    pub notice: NoticeJson,
}

/// The text of a [`Letter`] that says nothing else: one plain word that is easy to find again.
pub(super) const TEXT: &str = "nuncio-kit-text";

const PATIENCE_MS: i64 = 10_000;

impl Letter {
    /// A letter to `uri`, with the recipients that the core finds in it.
    ///
    /// # Panics
    /// When `uri` cannot be parsed.
    #[must_use]
    pub fn to(uri: &str) -> Self {
        let uri = SubscriberUri::parse(uri).unwrap_or_else(|error| panic!("`{uri}` is no URI: {error}"));
        Self::of(&uri)
    }

    /// A letter to `uri`, with the recipients that the core finds in it.
    #[must_use]
    pub fn of(uri: &SubscriberUri) -> Self {
        let mut notice = NoticeJson::default();
        notice.id = "msg_p5jXN8AQM9LWM0D4loKWxJek".to_owned();
        notice.attempt = 1;
        notice.uri = uri.canonical().to_owned();
        notice.content_type = "text/plain".to_owned();
        notice.body = TEXT.as_bytes().to_vec();
        notice.subject = "Kit".to_owned();
        notice.text = TEXT.to_owned();
        notice.message = "msg-1".to_owned();
        Self { notice }.recipients(uri.addresses()).at(System.now_ms())
    }

    /// To these recipients, numbered from 0.
    #[must_use]
    pub fn recipients(mut self, addresses: Vec<String>) -> Self {
        let numbered = (0..).zip(addresses);
        self.notice.recipients = numbered.map(|(index, address)| RecipientJson { index, address }).collect();
        self
    }

    /// Posted and tried at `now_ms` (Unix time in milliseconds), with 10 s to go.
    #[must_use]
    pub fn at(mut self, now_ms: i64) -> Self {
        (self.notice.now_ms, self.notice.created_ms) = (now_ms, now_ms);
        self.notice.deadline_ms = now_ms + PATIENCE_MS;
        self
    }

    /// With so much time for this attempt.
    #[must_use]
    pub fn within(mut self, time: Duration) -> Self {
        self.notice.deadline_ms = self.notice.now_ms + i64::try_from(time.as_millis()).unwrap_or(PATIENCE_MS);
        self
    }

    /// With this delivery id.
    #[must_use]
    pub fn id(mut self, id: impl Into<String>) -> Self {
        self.notice.id = id.into();
        self
    }

    /// With the options of a subscription: an object.
    ///
    /// # Panics
    /// When `options` are not an object.
    #[must_use]
    pub fn options(mut self, options: Value) -> Self {
        let Value::Object(map) = options else { panic!("options are an object") };
        self.notice.options = Options(map);
        self
    }

    /// Posted as `body` of the media type `content_type`.
    #[must_use]
    pub fn body(mut self, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        self.notice.content_type = content_type.to_owned();
        self.notice.body = body.into();
        self
    }

    /// Rendered as this subject, text and HTML.
    #[must_use]
    pub fn content(mut self, subject: &str, text: &str, html: &str) -> Self {
        self.notice.subject = subject.to_owned();
        self.notice.text = text.to_owned();
        self.notice.html = html.to_owned();
        self
    }

    /// Posted to the queue `name`; empty = a notification without one.
    #[must_use]
    pub fn queue(mut self, name: &str) -> Self {
        self.notice.queue = name.to_owned();
        self
    }

    /// Of the project `name`: the one whose devices a push driver asks for.
    #[must_use]
    pub fn project(mut self, name: &str) -> Self {
        self.notice.project = name.to_owned();
        self
    }

    /// One try by `driver`: all that it says.
    pub async fn outcomes(&self, driver: &dyn Driver) -> Outcomes {
        match self.notice.opened() {
            Ok(opened) => driver.deliver(&opened.notice()).await,
            // A letter is made of a URI that was parsed: what its canonical form is not is the core's fault.
            Err(error) => panic!("`{}` is no URI: {error}", self.notice.uri),
        }
    }

    /// One try by `driver`: what it says of the first recipient.
    pub async fn deliver(&self, driver: &dyn Driver) -> Report {
        let first = self.notice.recipients.first().map_or(0, |one| one.index);
        self.outcomes(driver).await.of(first)
    }

    /// What `driver` would send.
    ///
    /// # Errors
    /// What the driver refuses.
    pub async fn render(&self, driver: &dyn Driver) -> Result<String, Refusal> {
        let opened = self.notice.opened()?;
        driver.render(&opened.notice()).await
    }
}
