//! RFC 5321, section 3.3: one mail transaction, and what became of each recipient.

use lettre::{
    Address,
    transport::smtp::{
        client::AsyncSmtpConnection,
        commands::{Data, Mail as MailFrom, Rcpt},
        extension::{Extension, MailBodyParameter, MailParameter},
    },
};
use nuncio_plugin_sdk::{Report, Scope};

use super::reply::{Fault, Step, excerpt};

/// A mail that is ready to be sent.
#[derive(Debug)]
pub(crate) struct Mail {
    /// Whom the envelope names as its sender.
    pub(crate) sender: Sender,
    /// The recipients of this attempt.
    pub(crate) recipients: Vec<Address>,
    /// The message.
    pub(crate) source: Vec<u8>,
    /// The message for a relay without SMTPUTF8, where that is another one.
    pub(crate) ascii_source: Option<Vec<u8>>,
}

/// The sender of the envelope.
#[derive(Debug)]
pub(crate) struct Sender {
    /// Its address.
    pub(crate) address: Address,
    /// Whether it is the operator's, and not a subscription's.
    pub(crate) configured: bool,
}

/// How far a transaction has come. It outlives the dialogue, so that what is known is kept when that breaks.
#[derive(Debug)]
pub(super) struct Transaction<'a> {
    mail: &'a Mail,
    reports: Vec<Option<Report>>,
    pub(super) step: Step,
}

impl<'a> Transaction<'a> {
    pub(super) fn new(mail: &'a Mail) -> Self {
        Self { mail, reports: vec![None; mail.recipients.len()], step: Step::Connect }
    }

    /// MAIL FROM, without those that the relay has no means to address.
    ///
    /// # Errors
    /// Why the relay does not take the mail.
    pub(super) async fn begin(&mut self, connection: &mut AsyncSmtpConnection) -> Result<(), Fault> {
        let utf8 = connection.server_info().supports_feature(Extension::SmtpUtfEight);
        if !utf8 {
            self.reject_unicode();
        }
        let parameters = if utf8 && self.needs_utf8() {
            vec![MailParameter::SmtpUtfEight, MailParameter::Body(MailBodyParameter::EightBitMime)]
        } else {
            Vec::new()
        };
        self.step = Step::Mail { configured: self.mail.sender.configured };
        if self.open().next().is_some() {
            connection.command(MailFrom::new(Some(self.mail.sender.address.clone()), parameters)).await?;
        }
        Ok(())
    }

    /// RCPT TO for each recipient and, if the relay took one of them, DATA and the message.
    ///
    /// # Errors
    /// What ended the dialogue for all those of which nothing is known yet.
    pub(super) async fn finish(&mut self, connection: &mut AsyncSmtpConnection) -> Result<(), Fault> {
        self.step = Step::Rcpt;
        for at in self.open().collect::<Vec<_>>() {
            let Some(address) = self.mail.recipients.get(at) else { continue };
            match connection.command(Rcpt::new(address.clone(), Vec::new())).await.map_err(Fault::from) {
                Ok(_) => {}
                Err(fault) if fault.leaves_connection() => self.settle(at, fault.report(Step::Rcpt)),
                Err(fault) => return Err(fault),
            }
        }
        if self.open().next().is_none() {
            return Ok(());
        }
        self.step = Step::Data;
        let answer = connection.command(Data).await?;
        if !answer.has_code(354) {
            return Err(Fault::Lost(format!("the relay answered {} to DATA", answer.code())));
        }
        self.step = Step::Body;
        let utf8 = connection.server_info().supports_feature(Extension::SmtpUtfEight);
        let source = self.mail.ascii_source.as_ref().filter(|_| !utf8).unwrap_or(&self.mail.source);
        // The client ends the message with a line end of its own before the dot.
        let answer = connection.message(source.strip_suffix(b"\r\n").unwrap_or(source)).await?;
        let said = excerpt(&answer.message().collect::<Vec<_>>().join(" "));
        let code = u32::from(u16::from(answer.code()));
        self.settle_open(&Report::delivered().code(code).excerpt(said));
        Ok(())
    }

    /// Whether every recipient has its report.
    pub(super) fn is_settled(&self) -> bool {
        self.open().next().is_none()
    }

    /// Gives the recipients of which nothing is known yet what `fault` means for them.
    pub(super) fn fail(&mut self, fault: &Fault) {
        self.settle_open(&fault.report(self.step));
    }

    /// The report of each recipient, in their order.
    pub(super) fn reports(self) -> Vec<Report> {
        let unknown = || Report::deferred(Scope::Destination, "the attempt ended early").maybe_sent();
        self.reports.into_iter().map(|report| report.unwrap_or_else(unknown)).collect()
    }

    fn open(&self) -> impl Iterator<Item = usize> {
        self.reports.iter().enumerate().filter(|(_, report)| report.is_none()).map(|(at, _)| at)
    }

    fn settle(&mut self, at: usize, report: Report) {
        if let Some(slot) = self.reports.get_mut(at) {
            *slot = Some(report);
        }
    }

    fn settle_open(&mut self, report: &Report) {
        for slot in self.reports.iter_mut().filter(|slot| slot.is_none()) {
            *slot = Some(report.clone());
        }
    }

    fn needs_utf8(&self) -> bool {
        self.mail.ascii_source.is_some()
            || self.mail.recipients.iter().any(|address| !address.user().is_ascii())
    }

    /// RFC 6531, section 3.2: such an address cannot be written in another way, now or later.
    fn reject_unicode(&mut self) {
        let why = "5.6.7 the relay does not offer SMTPUTF8, which this address needs";
        for (address, slot) in self.mail.recipients.iter().zip(&mut self.reports) {
            if !address.user().is_ascii() {
                *slot = Some(Report::rejected(Scope::Recipient, why));
            }
        }
    }
}
