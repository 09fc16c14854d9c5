//! One dispatch: message and target are found, the content is rendered, and the driver is asked once.

use std::{sync::Arc, time::Duration};

use nuncio_core::{
    Clock, DeliveryKey, Entry, Message, Meta, Notice, Outcomes, Recipient, Report, Scope, SubscriberUri,
    engine::{End, Job},
};

use super::{
    messages::Messages,
    observe::{self, Observed, Observers},
    panics::contained,
    targets::{Ready, Targets},
};
use crate::{
    render::{RenderError, Renderer, Source},
    storage::StoreError,
};

/// How a dispatch ended.
pub(super) struct Finish {
    pub(super) ends: Vec<(u32, End)>,
    pub(super) ms: i64,
    pub(super) timed_out: bool,
}

/// What every dispatch needs.
pub(super) struct Attempts {
    pub(super) clock: Arc<dyn Clock>,
    pub(super) targets: Arc<Targets>,
    pub(super) messages: Arc<Messages>,
    pub(super) renderer: Arc<Renderer>,
    pub(super) observers: Observers,
}

/// What a driver answered, and whether the deadline answered for it.
struct Answer {
    outcomes: Outcomes,
    timed_out: bool,
}

impl Attempts {
    /// Carries out one dispatch; a panic on the way to the driver is a failed attempt, as one of the driver is.
    pub(super) async fn carry_out(&self, job: &Job) -> Finish {
        let began = self.clock.now_ms();
        let finish = contained(Box::pin(self.once(job, began))).await.unwrap_or_else(|panic| {
            tracing::error!(panic, message = %job.message, target = %job.target, "an attempt panicked");
            let report = Report::deferred(Scope::Recipient, format!("the host panicked: {panic}"));
            Finish { ends: all(job, &End::Report(report)), ms: 0, timed_out: false }
        });
        Finish { ms: self.clock.now_ms() - began, ..finish }
    }

    async fn once(&self, job: &Job, began: i64) -> Finish {
        match self.found(job).await {
            Ok((ready, message)) => self.to_target(job, &ready, &message, began).await,
            Err(end) => Finish { ends: all(job, &end), ms: 0, timed_out: false },
        }
    }

    async fn found(&self, job: &Job) -> Result<(Arc<Ready>, Arc<Message>), End> {
        let unreadable = |error: StoreError| End::Held(error.to_string());
        let ready = self.targets.get(job.target).await.map_err(unreadable)?;
        let message = self.messages.get(job.message).await.map_err(unreadable)?;
        match (ready, message) {
            (Some(ready), _) if ready.view.ended => Err(End::Cancelled),
            (Some(ready), Some(message)) => Ok((ready, message)),
            _ => Err(End::Report(Report::rejected(
                Scope::Message,
                "the store has lost the message or its target",
            ))),
        }
    }

    async fn to_target(&self, job: &Job, ready: &Ready, message: &Message, began: i64) -> Finish {
        let over = |end: End| Finish { ends: all(job, &end), ms: 0, timed_out: false };
        let uri = match &ready.uri {
            Ok(uri) => uri,
            Err(error) => return over(End::Report(Report::rejected(Scope::Recipient, error.to_string()))),
        };
        let entry = match usable(ready) {
            Ok(entry) => entry,
            Err(reason) => return over(End::Held(reason)),
        };
        let public = self.targets.public_message(message.id);
        let meta = meta(ready, message, &public);
        let source = Source::of(message, meta);
        let content = match self.renderer.content(source, &ready.view.options, entry.manifest.content) {
            Ok(content) => content,
            Err(error @ RenderError::Missing(_)) => return over(End::Held(error.to_string())),
            Err(error) => return over(End::Report(Report::rejected(Scope::Message, error.to_string()))),
        };
        let (recipients, mut ends) = recipients(job, ready);
        if recipients.is_empty() {
            return Finish { ends, ms: 0, timed_out: false };
        }
        let id = self.targets.public(DeliveryKey::new(job.message, job.first));
        let mut notice = Notice::new(&id, uri, &recipients, &ready.view.options);
        notice.attempt = job.open.iter().map(|open| open.n).max().unwrap_or(1);
        notice.now_ms = began;
        notice.created_ms = message.created;
        notice.deadline_ms = began + ready.deadline.as_millis() as i64;
        notice.content_type = &message.content_type;
        notice.body = &message.body;
        notice.content = content.content();
        notice.meta = meta;
        let answer = ask(entry, &notice, ready.deadline).await;
        let ended = self.clock.now_ms();
        let ms = ended - began;
        for recipient in &recipients {
            let report = answer.outcomes.of(recipient.index);
            self.tell(job, entry, uri, recipient, &report, meta.queue, ended, ms);
            ends.push((recipient.index, End::Report(report)));
        }
        Finish { ends, ms, timed_out: answer.timed_out }
    }

    #[allow(clippy::too_many_arguments, reason = "an account of one recipient has many parts, used once")]
    fn tell(
        &self,
        job: &Job,
        entry: &Entry,
        uri: &SubscriberUri,
        recipient: &Recipient<'_>,
        report: &Report,
        queue: &str,
        ended_ms: i64,
        ms: i64,
    ) {
        observe::count(&entry.manifest.name, report, ms);
        if !self.observers.any() {
            return;
        }
        let attempt = job.open.iter().find(|open| open.idx == recipient.index).map_or(1, |open| open.n);
        self.observers.tell(Observed {
            id: self.targets.public(DeliveryKey::new(job.message, recipient.index)),
            queue: queue.to_owned(),
            driver: entry.manifest.name.clone(),
            uri: uri.redacted().to_owned(),
            address: SubscriberUri::shown_address(recipient.address),
            attempt,
            outcome: report.outcome,
            code: report.code,
            reason: report.reason.clone(),
            ended_ms,
            ms,
        });
    }
}

fn meta<'a>(ready: &'a Ready, message: &'a Message, public: &'a str) -> Meta<'a> {
    let mut meta = Meta::EMPTY;
    meta.project = &ready.view.project;
    meta.queue = &ready.view.queue;
    meta.subscription = &ready.subscription;
    meta.message = public;
    meta.kind = message.kind;
    meta.ttl = message.ttl;
    meta.delay = message.delay;
    meta.headers = &message.headers;
    meta
}

fn usable(ready: &Ready) -> Result<&Entry, String> {
    let entry = ready
        .entry
        .as_ref()
        .ok_or_else(|| format!("the driver `{}` is not in this host", ready.view.newest_driver))?;
    match entry.driver.disabled() {
        Some(reason) => Err(format!("the driver `{}` is disabled: {reason}", entry.manifest.name)),
        None => Ok(entry),
    }
}

fn all(job: &Job, end: &End) -> Vec<(u32, End)> {
    job.open.iter().map(|open| (open.idx, end.clone())).collect()
}

/// The recipients that still want it, and the ends of those that were taken out of the subscription.
fn recipients<'a>(job: &Job, ready: &'a Ready) -> (Vec<Recipient<'a>>, Vec<(u32, End)>) {
    let (mut stay, mut out) = (Vec::with_capacity(job.open.len()), Vec::new());
    for open in &job.open {
        match ready.address((open.idx - job.first) as usize) {
            Some(address) => stay.push(Recipient::new(open.idx, address)),
            None => out.push((open.idx, End::Cancelled)),
        }
    }
    (stay, out)
}

/// Asks the driver once, within the deadline; a panic is a failed attempt.
async fn ask(entry: &Entry, notice: &Notice<'_>, deadline: Duration) -> Answer {
    let attempt = contained(entry.driver.deliver(notice));
    let (outcomes, timed_out) = match tokio::time::timeout(deadline, attempt).await {
        Ok(Ok(outcomes)) => (outcomes, false),
        Ok(Err(panic)) => {
            tracing::error!(driver = entry.manifest.name, panic, "a driver panicked");
            let reason = format!("the driver panicked: {panic}");
            (Report::deferred(Scope::Recipient, reason).maybe_sent().into(), false)
        }
        Err(_) => {
            let reason = format!("no answer within {} ms", deadline.as_millis());
            (Report::deferred(Scope::Destination, reason).maybe_sent().into(), true)
        }
    };
    Answer { outcomes, timed_out }
}
