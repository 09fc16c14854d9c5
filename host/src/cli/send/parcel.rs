//! One URI with everything that its driver needs for one attempt.

use std::time::Duration;

use nuncio_core::{
    Clock, Dispatcher, Entry, Meta, Notice, Options, Part, Recipient, Refusal, Report, Scope, SubscriberUri,
    duration::parse_duration, uri::Form,
};
use uuid::Uuid;

use super::{posted::Posted, verdict::Sent};
use crate::{
    attachments::{Attachment, carried},
    catalog::check_options,
    cli::{
        explain::parse,
        fault::{Exit, Fault},
    },
    config::Config,
    render::{Rendered, Renderer, Source},
};

/// What all parcels of one command share.
pub(super) struct Desk<'a> {
    pub(super) config: &'a Config,
    pub(super) dispatcher: &'a Dispatcher,
    pub(super) renderer: &'a Renderer,
    pub(super) posted: &'a Posted,
    pub(super) options: &'a Options,
    /// Whose devices are meant.
    pub(super) project: Option<&'a str>,
    pub(super) now_ms: i64,
}

/// One URI, ready to be delivered to.
pub(super) struct Parcel {
    entry: Entry,
    uri: SubscriberUri,
    redacted: String,
    addresses: Vec<String>,
    body: Vec<u8>,
    content: Rendered,
    options: Options,
    project: String,
    message: String,
    id: String,
    created_ms: i64,
    deadline: Duration,
}

impl Desk<'_> {
    /// Makes the parcel for `text`.
    pub(super) async fn parcel(&self, text: &str) -> Result<Parcel, Fault> {
        let uri = parse(text)?;
        let refused = |refusal: Refusal| Fault::new(Exit::Input, format!("{}: {refusal}", uri.redacted()));
        let (entry, checked) = self.dispatcher.check(&uri, self.options).await.map_err(refused)?;
        self.renderer.check(self.options).map_err(refused)?;
        self.known(entry).map_err(refused)?;
        carried(&self.posted.attachments, &entry.manifest)
            .map_err(|why| Fault::new(Exit::Input, format!("{}: {why}", uri.redacted())))?;
        if entry.manifest.devices && self.project.is_none() {
            let why = format!("{}: --project is missing: name the project of the device", uri.redacted());
            return Err(Fault::new(Exit::Usage, why));
        }
        if self.posted.is_empty() && !has_content(&uri) {
            return Err(Fault::new(
                Exit::Usage,
                "nothing to send: give --body, --subject, --html, --attach or --template",
            ));
        }
        let message = Uuid::new_v4().to_string();
        let body = self.posted.message().to_string().into_bytes();
        let content = self
            .content(&body, meta(self.project.unwrap_or_default(), &message), entry)
            .map_err(|why| Fault::new(Exit::Input, why))?;
        Ok(Parcel {
            entry: entry.clone(),
            redacted: checked.redacted,
            addresses: checked.addresses,
            body,
            content,
            options: self.options.clone(),
            project: self.project.unwrap_or_default().to_owned(),
            id: Uuid::new_v4().to_string(),
            created_ms: self.now_ms,
            deadline: self.deadline().map_err(refused)?,
            message,
            uri,
        })
    }

    /// Options are checked by the table that every face uses.
    fn known(&self, entry: &Entry) -> Result<(), Refusal> {
        match check_options(self.options, &entry.manifest, self.config)?.first() {
            Some(unknown) => Err(Refusal::new("options", unknown.to_string())),
            None => Ok(()),
        }
    }

    fn content(&self, body: &[u8], meta: Meta<'_>, entry: &Entry) -> Result<Rendered, String> {
        let source = Source { body, meta, created: self.now_ms, template: self.posted.template.as_deref() };
        let mut content = self
            .renderer
            .content(source, self.options, entry.manifest.content)
            .map_err(|error| error.to_string())?;
        if let Some(subject) = &self.posted.subject {
            content.subject.clone_from(subject);
        }
        if let Some(html) = &self.posted.html {
            content.html.clone_from(html);
        }
        if content.subject.chars().any(char::is_control) {
            return Err("the subject has a line break or a control character: write one line".to_owned());
        }
        content.attachments.clone_from(&self.posted.attachments);
        Ok(content)
    }

    fn deadline(&self) -> Result<Duration, Refusal> {
        let Some(text) = self.options.text("deadline") else { return Ok(self.config.delivery.deadline) };
        let deadline =
            parse_duration(text).map_err(|error| Refusal::new("/options/deadline", error.to_string()))?;
        Ok(deadline.min(self.config.delivery.max_deadline))
    }
}

fn meta<'a>(project: &'a str, message: &'a str) -> Meta<'a> {
    let mut meta = Meta::EMPTY;
    meta.project = project;
    meta.message = message;
    meta
}

/// Whether the URI says itself what is to be sent (RFC 6068, RFC 5724).
fn has_content(uri: &SubscriberUri) -> bool {
    match uri.form() {
        Form::Mailto(mail) => mail.body.is_some() || mail.subject.is_some(),
        Form::Sms(sms) => sms.body.is_some(),
        _ => false,
    }
}

impl Parcel {
    /// The driver's name.
    pub(super) fn driver(&self) -> &str {
        &self.entry.manifest.name
    }

    /// Why nothing can be sent as things are configured.
    pub(super) fn disabled(&self) -> Option<Fault> {
        let why = self.entry.driver.disabled()?;
        Some(Fault::new(Exit::Config, format!("{}: {why}", self.redacted)))
    }

    /// The URI in the form that may be shown.
    pub(super) fn redacted(&self) -> &str {
        &self.redacted
    }

    /// The files that go with it.
    pub(super) fn attachments(&self) -> &[Attachment] {
        &self.content.attachments
    }

    /// What would be sent.
    pub(super) async fn render(&self, clock: &dyn Clock) -> Result<String, Fault> {
        let (recipients, parts) = (self.recipients(), self.content.parts());
        let request = self.entry.driver.render(&self.notice(clock, &recipients, &parts)).await;
        request.map_err(|refusal| Fault::new(Exit::Input, format!("{}: {refusal}", self.redacted)))
    }

    /// One attempt.
    pub(super) async fn deliver(&self, clock: &dyn Clock) -> Vec<Sent> {
        let (recipients, parts) = (self.recipients(), self.content.parts());
        let notice = self.notice(clock, &recipients, &parts);
        let answer = tokio::time::timeout(self.deadline, self.entry.driver.deliver(&notice)).await;
        let ms = clock.now_ms() - notice.now_ms;
        let outcomes = answer.unwrap_or_else(|_| {
            let reason = format!("no answer within {} ms", self.deadline.as_millis());
            Report::deferred(Scope::Destination, reason).maybe_sent().into()
        });
        let sent = |recipient: &Recipient<'_>| Sent {
            to: self.redacted.clone(),
            address: self.shown(recipient.address),
            driver: self.driver().to_owned(),
            id: self.id.clone(),
            report: outcomes.of(recipient.index),
            ms,
        };
        recipients.iter().map(sent).collect()
    }

    /// A recipient that is the URI itself, as it may be shown.
    fn shown(&self, address: &str) -> String {
        if address == self.uri.canonical() { self.redacted.clone() } else { address.to_owned() }
    }

    fn recipients(&self) -> Vec<Recipient<'_>> {
        (0..).zip(&self.addresses).map(|(index, address)| Recipient::new(index, address)).collect()
    }

    fn notice<'a>(
        &'a self,
        clock: &dyn Clock,
        recipients: &'a [Recipient<'a>],
        parts: &'a [Part<'a>],
    ) -> Notice<'a> {
        let now_ms = clock.now_ms();
        let deadline_ms = i64::try_from(self.deadline.as_millis()).unwrap_or(i64::MAX);
        let mut notice = Notice::new(&self.id, &self.uri, recipients, &self.options);
        notice.now_ms = now_ms;
        notice.created_ms = self.created_ms;
        notice.deadline_ms = now_ms.saturating_add(deadline_ms);
        notice.content_type = "application/json";
        notice.body = &self.body;
        notice.content = self.content.content(parts);
        notice.meta = meta(&self.project, &self.message);
        notice
    }
}
