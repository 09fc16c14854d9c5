//! One dispatch: message and target are found, the content is rendered, and the driver is asked once.

use std::sync::Arc;

use nuncio_core::{
    Clock, DeliveryKey, Entry, Message, Outcome, Recipient, Report, Scope, SubscriberUri, SubscriptionId,
    engine::{End, Job},
    uri::MAIL,
};

use super::{
    answer::Answer,
    batch::Batches,
    handed::Handed,
    health::Health,
    masking::masked,
    messages::Messages,
    observe::{Observed, Observers},
    panics::contained,
    prepared::{self, Prepared},
    targets::{Ready, Targets},
};
use crate::{
    attachments::{self, Attachment},
    confirmation::{Desk, Queue},
    place::plain,
    render::{RenderError, Renderer, Source},
    storage::{Consent, StoreError, own_destination},
};

/// After how long it is looked again whether somebody agreed, milliseconds.
const LOOK_AGAIN_MS: i64 = 5 * 60 * 1000;

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
    pub(super) confirmation: Desk,
    pub(super) observers: Observers,
    pub(super) batches: Batches,
    pub(super) health: Arc<Health>,
    pub(super) handed: Handed,
}

/// What a dispatch is about.
struct Found {
    ready: Arc<Ready>,
    message: Arc<Message>,
    attachments: Vec<Attachment>,
}

impl Attempts {
    /// Carries out one dispatch; a panic on the way to the driver is a failed attempt, as one of the driver is.
    pub(super) async fn carry_out(&self, job: &Job) -> Finish {
        let began = self.clock.now_ms();
        let finish = contained(Box::pin(self.once(job, began))).await.unwrap_or_else(|panic| {
            tracing::error!(panic, message = %job.message, target = %job.target, "an attempt panicked");
            let report = Report::deferred(Scope::Recipient, format!("the host panicked: {panic}"));
            over(job, &End::Report(report))
        });
        if finish.ends.iter().all(|(_, end)| is_final(end)) {
            self.messages.over(job.message);
        }
        Finish { ms: self.clock.now_ms() - began, ..finish }
    }

    async fn once(&self, job: &Job, began: i64) -> Finish {
        match self.found(job).await {
            Ok(found) => self.to_target(job, found, began).await,
            Err(end) => over(job, &end),
        }
    }

    async fn found(&self, job: &Job) -> Result<Found, End> {
        let unreadable = |error: StoreError| match error {
            // It will not become readable: holding its lane would hold all that waits behind it.
            StoreError::Corrupt(_) => rejected(Scope::Message, error.to_string()),
            error => End::Held(error.to_string()),
        };
        let ready = self.targets.get(job.target).await.map_err(unreadable)?;
        let message = self.messages.get(job.message).await.map_err(unreadable)?;
        match (ready, message) {
            (Some(ready), _) if ready.view.ended => Err(End::Cancelled),
            (Some(ready), _) if !ready.view.frozen && ready.view.consent != Consent::Given => {
                Err(self.unwanted(ready.view.consent))
            }
            (Some(ready), Some(message)) => {
                let (message, attachments) = attachments::open(message)
                    .map_err(|error| rejected(Scope::Message, error.to_string()))?;
                Ok(Found { ready, message, attachments })
            }
            _ => Err(rejected(Scope::Message, "the store has lost the message or its target")),
        }
    }

    /// What becomes of what leads to somebody who has not agreed: it is held, or never sent.
    fn unwanted(&self, consent: Consent) -> End {
        match consent {
            Consent::Refused => End::Suppressed,
            // An answer lets it go; this is for one that came while it was being put aside.
            Consent::Given | Consent::Awaited => {
                End::Parked(self.clock.now_ms().saturating_add(LOOK_AGAIN_MS))
            }
        }
    }

    async fn to_target(&self, job: &Job, found: Found, began: i64) -> Finish {
        let (open, mut ends) = prepared::open(job, &found.ready);
        if open.is_empty() {
            return Finish { ends, ms: 0, timed_out: false };
        }
        let prepared = match self.prepare(job, found, open, began) {
            Ok(prepared) => prepared,
            Err(end) => return over(job, &end),
        };
        let timed_out = if prepared.entry.manifest.limits.batch > 1 {
            let prepared = Arc::new(prepared);
            let answer = self.batches.ask(Arc::clone(&prepared)).await;
            self.account(job, &prepared, &answer, &mut ends)
        } else {
            let answer = ask(&prepared).await;
            self.account(job, &prepared, &answer, &mut ends)
        };
        Finish { ends, ms: 0, timed_out }
    }

    /// Everything that the driver needs; or how it ends without being asked.
    fn prepare(&self, job: &Job, found: Found, open: Vec<(u32, usize)>, began: i64) -> Result<Prepared, End> {
        let Found { ready, message, attachments } = found;
        let uri = ready.uri.clone().map_err(|error| rejected(Scope::Recipient, error.to_string()))?;
        let entry = usable(&ready).map_err(End::Held)?.clone();
        reachable(&ready, &entry).map_err(|why| rejected(Scope::Recipient, why))?;
        attachments::carried(&attachments, &entry.manifest).map_err(|why| rejected(Scope::Message, why))?;
        let public = self.targets.public_message(message.id);
        let headers = message.told_headers();
        let source = Source::of(&message, prepared::meta(&ready, &message, &headers, &public));
        let mut content = self
            .renderer
            .content(source, &ready.view.options, entry.manifest.content)
            .map_err(|error| match error {
                RenderError::Missing(_) => End::Held(error.to_string()),
                error => rejected(Scope::Message, error.to_string()),
            })?;
        drop(headers);
        content.attachments = attachments;
        let id = self.targets.public(DeliveryKey::new(job.message, job.first));
        let attempt = job.open.iter().map(|open| open.n).max().unwrap_or(1);
        let unsubscribe = self.unsubscribe(&ready, &uri, &message);
        Ok(Prepared { ready, message, entry, uri, id, public, content, open, attempt, began, unsubscribe })
    }

    /// Where the recipients of a mail unsubscribe.
    fn unsubscribe(&self, ready: &Ready, uri: &SubscriberUri, message: &Message) -> Option<String> {
        let view = &ready.view;
        if uri.scheme() != MAIL || view.subscription == SubscriptionId::NONE || view.frozen {
            return None;
        }
        let of = Queue { project: &view.project, name: &view.queue };
        self.confirmation.unsubscribe_url(of, view.subscription, message.created)
    }

    /// Tells what became of each recipient, and whether the deadline said it.
    fn account(&self, job: &Job, prepared: &Prepared, answer: &Answer, ends: &mut Vec<(u32, End)>) -> bool {
        let ended = self.clock.now_ms();
        let (options, secrets) = (&prepared.ready.view.options, &prepared.entry.manifest.option_secrets);
        let outcomes = masked(&answer.outcomes, &prepared.uri, options, secrets);
        for recipient in prepared.recipients() {
            let report = outcomes.of(recipient.index);
            self.handed.saw(
                DeliveryKey::new(job.message, recipient.index),
                &prepared.entry.manifest,
                &report,
            );
            self.health.saw(&prepared.ready, &recipient, &report, prepared.began);
            self.tell(job, prepared, &recipient, &report, ended);
            ends.push((recipient.index, End::Report(report)));
        }
        answer.timed_out
    }

    fn tell(
        &self,
        job: &Job,
        prepared: &Prepared,
        recipient: &Recipient<'_>,
        report: &Report,
        ended_ms: i64,
    ) {
        let Prepared { ready, entry, uri, .. } = prepared;
        let ms = ended_ms - prepared.began;
        ready.meter.count(report.outcome, ms);
        if !self.observers.any() {
            return;
        }
        let attempt = job.open.iter().find(|open| open.idx == recipient.index).map_or(1, |open| open.n);
        self.observers.tell(Observed {
            id: self.targets.public(DeliveryKey::new(job.message, recipient.index)),
            queue: plain(&ready.view.queue).to_owned(),
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

/// Nobody can come to a subscription that has expired: what nobody came for is not waited for any longer.
fn reachable(ready: &Ready, entry: &Entry) -> Result<(), String> {
    let away = || entry.driver.away(&own_destination(ready.view.subscription));
    match if ready.view.expired { away() } else { None } {
        Some(why) => Err(format!("the subscription expired: {why}")),
        None => Ok(()),
    }
}

/// Whether a recipient of whom this is said is not tried again, as it seems: who is after all is read back.
fn is_final(end: &End) -> bool {
    match end {
        End::Report(report) => report.outcome != Outcome::Deferred,
        End::Cancelled | End::Suppressed => true,
        End::Held(_) | End::Parked(_) => false,
    }
}

fn rejected(scope: Scope, why: impl Into<String>) -> End {
    End::Report(Report::rejected(scope, why))
}

/// The end of all recipients, without a word of the driver.
fn over(job: &Job, end: &End) -> Finish {
    let ends = job.open.iter().map(|open| (open.idx, end.clone())).collect();
    Finish { ends, ms: 0, timed_out: false }
}

/// Asks the driver once, within the deadline; a panic is a failed attempt.
async fn ask(prepared: &Prepared) -> Answer {
    let (entry, deadline) = (&prepared.entry, prepared.ready.deadline);
    let opened = prepared.opened();
    let notice = opened.notice();
    match tokio::time::timeout(deadline, contained(entry.driver.deliver(&notice))).await {
        Ok(Ok(outcomes)) => Answer::of(outcomes),
        Ok(Err(panic)) => {
            tracing::error!(driver = entry.manifest.name, panic, "a driver panicked");
            Answer::panicked(&panic)
        }
        Err(_) => Answer::too_late(deadline),
    }
}
