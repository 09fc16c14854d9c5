//! An account at a message centre: an SMS becomes submissions, their answers a report.

use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU16, Ordering},
    },
    time::Duration,
};

use nuncio_plugin_sdk::{HostCalls, Outcome, Report, Scope, async_trait};
use tokio::time::Instant;

use super::{
    ids::Ids,
    link::{Failure, Link, Trouble},
    pdu::{Address, Delivery, Reader, Submission},
    receipt::Word,
    session::{Inbox, Unanswered},
    status,
    wording::{Piece, Wording},
};
use crate::{
    account::{Account, Common, Sms, named},
    sender::Sender,
};

/// When a centre that is overloaded is asked again.
const THROTTLED: Duration = Duration::from_secs(5);

/// What an account writes into every submission.
#[derive(Clone, Debug)]
pub(super) struct Form {
    pub(super) wording: Wording,
    pub(super) service_type: String,
    pub(super) source: (Option<u8>, Option<u8>),
    pub(super) destination: (u8, u8),
    pub(super) validity: String,
    pub(super) receipts: bool,
}

/// An account at a message centre.
pub(super) struct Smpp {
    pub(super) common: Common,
    pub(super) form: Form,
    /// Where it is, for a person.
    pub(super) centre: String,
    pub(super) transmitter: Link,
    /// Where receipts come by a session of their own.
    pub(super) receiver: Option<Link>,
    pub(super) references: AtomicU16,
}

/// Hands receipts over to the host, by the ids that it knows.
pub(super) struct Receipts {
    pub(super) account: String,
    pub(super) ids: Mutex<Ids>,
    pub(super) host: Arc<dyn HostCalls>,
}

impl Receipts {
    fn ids(&self) -> MutexGuard<'_, Ids> {
        self.ids.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inbox for Receipts {
    fn taken(&self, id: &str) {
        self.ids().taken(id);
    }

    fn delivered(&self, delivery: &Delivery) {
        match Word::of(delivery) {
            Word::Final(mut receipt) => {
                let id = self.ids().of_receipt(&receipt.provider_id);
                receipt.provider_id = named(&self.account, &id);
                self.host.receipt(receipt);
            }
            Word::Underway => {}
            Word::Message => {
                tracing::info!(
                    account = self.account,
                    "a message of a phone was dropped: nobody takes them here"
                );
            }
        }
    }
}

impl Smpp {
    fn submissions(&self, sms: &Sms<'_>, reference: u16) -> Vec<Submission> {
        let pieces = self.form.wording.pieces(sms.text, reference);
        pieces.into_iter().map(|piece| self.submission(sms, piece)).collect()
    }

    fn submission(&self, sms: &Sms<'_>, piece: Piece) -> Submission {
        let form = &self.form;
        let Piece { esm_class, data_coding, message, parameters } = piece;
        Submission {
            service_type: form.service_type.clone(),
            source: source(sms.sender, form.source),
            destination: Address {
                ton: form.destination.0,
                npi: form.destination.1,
                text: sms.to.digits().to_owned(),
            },
            esm_class,
            validity: form.validity.clone(),
            registered_delivery: u8::from(form.receipts),
            data_coding,
            message,
            parameters,
        }
    }

    /// Whether the centre refuses by `code` what the subscription named: its sender, or the type or plan that follow from it.
    fn is_of_subscription(&self, sms: &Sms<'_>, code: u32) -> bool {
        let (ton, npi) = self.form.source;
        let of_sender = match code {
            status::INVALID_SOURCE => true,
            status::INVALID_SOURCE_TON => ton.is_none(),
            status::INVALID_SOURCE_NPI => npi.is_none(),
            _ => false,
        };
        of_sender && sms.sender.map(ToString::to_string) != self.common.sender
    }

    /// What the answer `code` to an SMS means.
    fn refused(&self, sms: &Sms<'_>, code: u32) -> Report {
        let (outcome, scope) = if self.is_of_subscription(sms, code) {
            (Outcome::Rejected, Scope::Message)
        } else {
            status::judged(code)
        };
        let mut report = Report::new(outcome).code(code);
        report.scope = scope;
        report.reason = format!("the message centre answers {}", status::named(code));
        if status::is_throttling(code) { report.retry_after(THROTTLED) } else { report }
    }

    fn failed(failure: Failure) -> Report {
        match failure {
            Failure::Down(Trouble { why, code, credentials }, again) => {
                let scope = if credentials { Scope::Account } else { Scope::Destination };
                Report::deferred(scope, why).code(code).retry_after(again)
            }
            Failure::Full => Report::deferred(Scope::Destination, "the window was full for the whole time"),
            Failure::Unanswered(Unanswered { maybe_sent, why }) => {
                let report = Report::deferred(Scope::Destination, why);
                if maybe_sent { report.maybe_sent() } else { report }
            }
        }
    }

    /// Submits `body`, and gives the id that the centre has for it.
    async fn submit(&self, sms: &Sms<'_>, body: Vec<u8>, left: Duration) -> Result<String, Report> {
        let answer = self.transmitter.submit(body, left).await.map_err(Self::failed)?;
        if answer.status != status::OK {
            return Err(self.refused(sms, answer.status));
        }
        Ok(Reader(&answer.body).text().trim().to_owned())
    }
}

/// The source address: type and plan by what the sender is, unless they are set.
fn source(sender: Option<&Sender>, set: (Option<u8>, Option<u8>)) -> Address {
    let (ton, npi, text) = match sender {
        None => (0, 0, ""),
        Some(Sender::Name(name)) => (5, 0, name.as_str()),
        Some(Sender::International(digits)) => (1, 1, digits.as_str()),
        Some(Sender::Code(digits)) => (3, 0, digits.as_str()),
    };
    Address { ton: set.0.unwrap_or(ton), npi: set.1.unwrap_or(npi), text: text.to_owned() }
}

#[async_trait]
impl Account for Smpp {
    fn common(&self) -> &Common {
        &self.common
    }

    async fn send(&self, sms: &Sms<'_>, left: Duration) -> Report {
        let begun = Instant::now();
        if let Some(receiver) = &self.receiver {
            receiver.start();
        }
        let submissions = self.submissions(sms, self.references.fetch_add(1, Ordering::Relaxed));
        let count = submissions.len();
        let mut ids: Vec<String> = Vec::with_capacity(count);
        for (at, submission) in submissions.iter().enumerate() {
            let rest = left.saturating_sub(begun.elapsed());
            match self.submit(sms, submission.body(), rest).await {
                Ok(id) => ids.push(id),
                Err(report) if at == 0 && count == 1 => return report,
                Err(report) => return interrupted(report, at, count),
            }
        }
        ids.retain(|id| !id.is_empty());
        Report::delivered().provider_id(ids.join(" ")).cost(sms.text.count())
    }

    fn shown(&self, sms: &Sms<'_>) -> String {
        let mut shown = format!("SMPP {}\n", self.centre);
        for one in self.submissions(sms, 0) {
            let of =
                |address: &Address| format!("{} (TON {}, NPI {})", address.text, address.ton, address.npi);
            let (source, destination) = (of(&one.source), of(&one.destination));
            let (class, coding, octets) = (one.esm_class, one.data_coding, one.message.len());
            shown.push_str(&format!(
                "submit_sm from {source} to {destination}, esm_class {class:#04x}, data_coding {coding}, {octets} octets"
            ));
            for (tag, value) in &one.parameters {
                shown.push_str(&format!(", parameter {tag:#06x} of {} octets", value.len()));
            }
            shown.push('\n');
        }
        shown
    }

    async fn shutdown(&self, grace: Duration) {
        let receiver = async {
            if let Some(receiver) = &self.receiver {
                receiver.close(grace).await;
            }
        };
        tokio::join!(self.transmitter.close(grace), receiver);
    }
}

/// The report on a text whose part `at` (from 0) of `count` ended in `report`: the parts before it were taken.
fn interrupted(mut report: Report, at: usize, count: usize) -> Report {
    let before = match at {
        0 => "no part was sent".to_owned(),
        1 => "part 1 was sent".to_owned(),
        _ => format!("parts 1 to {at} were sent"),
    };
    report.reason = format!("part {} of {count}: {}; {before}", at + 1, report.reason);
    report.maybe_sent |= at > 0;
    report
}

#[cfg(test)]
mod tests;
