//! One life of a process, from when it is ready to its end.

use std::{sync::Arc, time::Duration};

use nuncio_core::{
    HostCalls, Manifest, Notice, Outcomes, Refusal, Report, Scope,
    notice_json::NoticeJson,
    wire::{DeviceAnswer, DeviceCall, Metric, Receipt, ReportJson},
};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tokio::sync::{Semaphore, oneshot, watch};

use super::{
    calls::{Calls, Replied, Unanswered},
    flights::{Flights, Landed},
    hearing::Hearing,
    masks::of_notice,
    message::{Blob, FromChild, Item, Status, ToChild},
    options::LINE_BYTES,
    outbox::Outbox,
};
use crate::redact::Redactor;

/// Replies to calls of the process that wait to be read; beyond it the host reads no more of what the process says.
const REPLIES: usize = 1_024;

/// What one life of a process is made of.
pub(super) struct Life {
    pub(super) manifest: Arc<Manifest>,
    pub(super) flights: Flights,
    pub(super) outbox: Outbox,
    pub(super) hearing: Arc<Hearing>,
    calls: Calls,
    replies: Arc<Semaphore>,
    host: Arc<dyn HostCalls>,
    patience: Duration,
    word: watch::Sender<Word>,
}

/// What the process says of itself: why it cannot deliver, and whether it was asked at all.
struct Word {
    known: bool,
    reason: Option<String>,
}

/// What a life is given.
pub(super) struct Means {
    pub(super) manifest: Arc<Manifest>,
    pub(super) flights: Flights,
    pub(super) hearing: Arc<Hearing>,
    pub(super) host: Arc<dyn HostCalls>,
    /// How long a call may take.
    pub(super) patience: Duration,
}

impl Life {
    pub(super) fn new(means: Means) -> Self {
        let Means { manifest, flights, hearing, host, patience } = means;
        let known = !manifest.has("disabled");
        let reason = (!known).then(|| "it has not said yet whether it can deliver".to_owned());
        Self {
            outbox: Outbox::new(manifest.limits.batch),
            manifest,
            flights,
            hearing,
            calls: Calls::new(),
            replies: Arc::new(Semaphore::new(REPLIES)),
            host,
            patience,
            word: watch::Sender::new(Word { known, reason }),
        }
    }

    /// Takes in one message of the process.
    pub(super) async fn hear(self: &Arc<Self>, message: FromChild) {
        match message {
            FromChild::Completion { token, reports } => {
                if !self.flights.complete(token, reports) {
                    self.hearing.broken(&format!(
                        "a completion of {token}, which is not open: completed before, or never given"
                    ));
                }
            }
            FromChild::Reply { id, status, json, blob } => {
                if !self.calls.replied(id, Replied { status, json, blob }) {
                    self.hearing.broken(&format!("a reply to the call {id}, for which nobody waits"));
                }
            }
            FromChild::Call { id, method, json } => {
                if method == "device.get" {
                    return self.look_up(id, json).await;
                }
                let (status, json) = self.asked(&method, json);
                let Some(id) = id else { return };
                if let Ok(permit) = Arc::clone(&self.replies).acquire_owned().await {
                    // Our replies are short: what a driver asks is answered by a word, or a device.
                    self.outbox.line(&ToChild::Reply { id, status, json }, Some(permit));
                }
            }
            FromChild::Log { level, message, fields } => self.hearing.log(level, &message, &fields),
            FromChild::Hello { .. } | FromChild::Ready | FromChild::Refused { .. } => {
                self.hearing.broken("a message that is said only once, before the first notice");
            }
            FromChild::Unknown => {}
        }
    }

    fn asked(&self, method: &str, json: Value) -> (Status, Value) {
        let done = match method {
            "metric" => taken::<Metric>(json).map(|metric| self.host.metric(metric)),
            "receipt" => taken::<Receipt>(json).map(|mut receipt| {
                receipt.reason = self.hearing.masked(&receipt.reason);
                self.host.receipt(receipt);
            }),
            _ => return (Status::Unsupported, Value::Null),
        };
        match done {
            Ok(()) => (Status::Ok, json!({})),
            Err(refusal) => {
                self.hearing.broken(&format!("a call of `{method}`: {refusal}"));
                (Status::Invalid, json!([refusal]))
            }
        }
    }

    /// Answers the call `id` with a device, while the process is listened to. Without an id nobody wants it.
    async fn look_up(self: &Arc<Self>, id: Option<u64>, json: Value) {
        let (Some(id), Ok(permit)) = (id, Arc::clone(&self.replies).acquire_owned().await) else { return };
        let life = Arc::clone(self);
        tokio::spawn(async move {
            let (status, json) = life.device(json).await;
            life.outbox.line(&ToChild::Reply { id, status, json }, Some(permit));
        });
    }

    async fn device(&self, json: Value) -> (Status, Value) {
        let call = match taken::<DeviceCall>(json) {
            Ok(call) => call,
            Err(refusal) => {
                self.hearing.broken(&format!("a call of `device.get`: {refusal}"));
                return (Status::Invalid, json!([refusal]));
            }
        };
        let found = tokio::time::timeout(self.patience, self.host.device(call)).await;
        let late = |_| Err(format!("the host did not find it out within {} ms", self.patience.as_millis()));
        match found.unwrap_or_else(late) {
            Ok(device) => (Status::Ok, json!(DeviceAnswer::of(device))),
            Err(why) => (Status::Failed, json!(why)),
        }
    }

    /// Asks the process, which has so long to answer as its options say.
    pub(super) async fn call(
        &self,
        method: &str,
        json: Value,
        blob: Blob,
    ) -> Result<(Value, Blob), Unanswered> {
        let ended = || Unanswered::Failed("its process ended".to_owned());
        let answer = async {
            let mut asked = self.calls.open().await.ok_or_else(ended)?;
            let call = ToChild::Call { id: asked.id, method: method.to_owned(), json, blob };
            if !self.outbox.line(&call, None) {
                let limit = LINE_BYTES >> 20;
                let why = format!(
                    "the question is longer than a line to a process may be (LINE_BYTES, {limit} MiB)"
                );
                return Err(Unanswered::Failed(why));
            }
            asked.reply().await.ok_or_else(ended)?.answer()
        };
        let late = |_| Unanswered::Failed(format!("no answer within {} ms", self.patience.as_millis()));
        tokio::time::timeout(self.patience, answer).await.unwrap_or_else(|error| Err(late(error)))
    }

    /// Gives notices to the process, all or none.
    pub(super) async fn submit<'a>(self: &Arc<Self>, notices: &[Notice<'a>]) -> Result<Vec<Flying>, Report> {
        let gone = || Report::deferred(Scope::Account, "the driver's process ended").retry_after(AGAIN);
        let mut slots = self.flights.slots(notices.len() as u32).await.ok_or_else(gone)?;
        let room = self.outbox.room(notices.iter().map(estimate).sum()).await.ok_or_else(gone)?;
        let mut items = Vec::with_capacity(notices.len());
        let mut flying = Vec::with_capacity(notices.len());
        for notice in notices {
            let Some(slot) = slots.split(1) else { break };
            let (token, landed) = self.flights.open(notice.id, slot);
            // Whatever becomes of it from here on, the flight is taken back when this is dropped.
            let one = Flying::new(self, token, landed, notice);
            let item = Item { token, notice: Box::new(NoticeJson::of(notice)) };
            match serde_json::to_vec(&item) {
                Ok(json) if json.len() < LINE_BYTES - 64 => {
                    items.push((token, json));
                    flying.push(one);
                }
                _ => flying.push(one.refused()),
            }
        }
        self.outbox.notices(items, &room);
        Ok(flying)
    }

    /// The process ended, because of `reason`.
    pub(super) fn end(&self, reason: &str) {
        self.outbox.end();
        self.flights.end(reason);
        self.calls.end();
        self.replies.close();
    }

    /// Why it cannot deliver, as it said last.
    pub(super) fn disabled(&self) -> Option<String> {
        self.word.borrow().reason.clone()
    }

    /// It says that it cannot deliver, or that it can.
    pub(super) fn set_disabled(&self, reason: Option<String>) {
        let reason = reason.map(|reason| self.hearing.masked(&reason));
        self.word.send_replace(Word { known: true, reason });
    }

    /// Waits until it has said whether it can deliver.
    pub(super) async fn first_word(&self) {
        // The sender lives as long as this, so that the wait ends by the word alone.
        drop(self.word.subscribe().wait_for(|word| word.known).await);
    }

    /// It was asked whether it can deliver and did not say: it is as it was, at first as if it could.
    pub(super) fn said_nothing(&self) {
        if !self.word.borrow().known {
            self.set_disabled(None);
        }
    }
}

fn taken<T: DeserializeOwned>(json: Value) -> Result<T, Refusal> {
    serde_json::from_value(json).map_err(|error| Refusal::new("", error.to_string()))
}

/// About how long the line of `notice` will be.
fn estimate(notice: &Notice<'_>) -> usize {
    let parts: usize = notice.content.parts.iter().map(|part| part.data.len()).sum();
    let content = notice.content.subject.len() + notice.content.text.len() + notice.content.html.len();
    1_024 + (notice.body.len() + parts) / 3 * 4 + content
}

/// A notice in the hands of a process. Dropped before its end, it is taken back, or the process is told.
pub(super) struct Flying {
    life: Arc<Life>,
    token: u64,
    landed: Option<oneshot::Receiver<Landed>>,
    indexes: Vec<u32>,
    mask: Redactor,
}

impl Flying {
    fn new(life: &Arc<Life>, token: u64, landed: oneshot::Receiver<Landed>, notice: &Notice<'_>) -> Self {
        let indexes = notice.recipients.iter().map(|recipient| recipient.index).collect();
        let mask = of_notice(notice, &life.manifest.option_secrets);
        Self { life: Arc::clone(life), token, landed: Some(landed), indexes, mask }
    }

    /// It is too long for a line: the process is not given it.
    fn refused(mut self) -> Self {
        self.landed = None;
        self.life.flights.forget(self.token);
        self
    }

    /// How it ended.
    pub(super) async fn ended(mut self) -> Outcomes {
        let Some(landed) = &mut self.landed else {
            let limit = LINE_BYTES >> 20;
            let reason =
                format!("the message is longer than a line to a process may be (LINE_BYTES, {limit} MiB)");
            return Report::rejected(Scope::Message, reason).into();
        };
        let end = landed.await;
        self.landed = None;
        match end {
            Ok(Landed::Said(reports)) => self.said(reports),
            Ok(Landed::Died { reason, given, blamed }) => died(reason, given, blamed).into(),
            Err(_) => died("the driver's process ended".to_owned(), true, false).into(),
        }
    }

    fn said(&self, reports: Vec<ReportJson>) -> Outcomes {
        let shown = |json: ReportJson| self.life.hearing.masks().report(json, &self.mask);
        let (mut all, mut each) = (None, Vec::new());
        for json in reports {
            match json.index {
                None => drop(all.get_or_insert(shown(json))),
                Some(index) => each.push((index, shown(json))),
            }
        }
        match all {
            Some(all) if each.is_empty() => all.into(),
            Some(all) => {
                let rest = self.indexes.iter().filter(|index| each.iter().all(|(one, _)| one != *index));
                let rest: Vec<_> = rest.map(|index| (*index, all.clone())).collect();
                each.extend(rest);
                Outcomes::each(each)
            }
            None => Outcomes::each(each),
        }
    }
}

impl Drop for Flying {
    fn drop(&mut self) {
        if self.landed.is_none() {
            return;
        }
        if self.life.outbox.withdraw(self.token) {
            self.life.flights.forget(self.token);
        } else if self.life.flights.cancel(self.token) {
            self.life.outbox.cancel(self.token);
        }
    }
}

/// When deliveries are tried again after a death: most of the time the next life has begun by then.
pub(super) const AGAIN: Duration = Duration::from_secs(1);

/// What a death says of a notice. It is the driver that failed, so no try is burnt and the lane is held; but a
/// delivery that was in hand at death after death burns its tries, or it would hold its lane for ever.
fn died(reason: String, given: bool, blamed: bool) -> Report {
    let scope = if blamed { Scope::Message } else { Scope::Account };
    let reason = if blamed { format!("{reason}; so it did before with this very delivery") } else { reason };
    let report = Report::deferred(scope, reason).retry_after(AGAIN);
    if given { report.maybe_sent() } else { report }
}
