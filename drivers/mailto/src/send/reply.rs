//! RFC 5321, section 4.2, and RFC 3463: what a relay's reply says of a delivery.

use lettre::transport::smtp;
use nuncio_plugin_sdk::{Report, Scope};

/// The longest excerpt of a reply that is kept, in characters.
const EXCERPT_CHARS: usize = 500;

/// A reply of the relay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reply {
    /// The reply code.
    pub(crate) code: u16,
    /// Its text, with the enhanced status code if it has one.
    pub(crate) text: String,
}

/// Where in the dialogue something happened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Step {
    /// Before the relay was ready: connection, greeting, EHLO, STARTTLS.
    #[default]
    Connect,
    /// AUTH.
    Auth,
    /// MAIL FROM; whether the operator chose the sender, and not a subscription.
    Mail { configured: bool },
    /// RCPT TO.
    Rcpt,
    /// DATA.
    Data,
    /// The message, up to the answer to its final dot.
    Body,
}

impl Step {
    const fn name(self) -> &'static str {
        match self {
            Self::Connect => "connecting",
            Self::Auth => "AUTH",
            Self::Mail { .. } => "MAIL FROM",
            Self::Rcpt => "RCPT TO",
            Self::Data => "DATA",
            Self::Body => "the message",
        }
    }
}

/// Why the dialogue did not go on.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum Fault {
    /// The relay said no.
    #[error("the relay answered {} {}", .0.code, .0.text)]
    Reply(Reply),
    /// There is no connection, it broke, TLS failed, or the relay did not speak SMTP.
    #[error("{0}")]
    Lost(String),
    /// The relay does not offer what the account needs.
    #[error("{0}")]
    Account(&'static str),
}

impl From<smtp::Error> for Fault {
    fn from(error: smtp::Error) -> Self {
        use std::error::Error as _;
        let said = error.source().map(ToString::to_string).unwrap_or_default();
        match error.status() {
            Some(code) => Self::Reply(Reply { code: code.into(), text: said }),
            None if said == "incomplete response" => Self::Lost("the relay closed the connection".to_owned()),
            None if error.is_response() => Self::Lost("the relay does not speak SMTP".to_owned()),
            None if said.is_empty() => Self::Lost(error.to_string()),
            None => Self::Lost(said),
        }
    }
}

impl Fault {
    /// With `***` wherever the relay repeats one of `secrets`.
    pub(crate) fn without(self, secrets: &[String]) -> Self {
        let Self::Reply(Reply { code, text }) = self else { return self };
        let masked = |text: String, secret: &String| text.replace(secret, "***");
        let text = secrets.iter().filter(|secret| !secret.is_empty()).fold(text, masked);
        Self::Reply(Reply { code, text })
    }

    /// Whether the connection is still good after it: the relay said no to one command (421 announces that it closes).
    pub(crate) const fn leaves_connection(&self) -> bool {
        matches!(self, Self::Reply(reply) if reply.code != 421)
    }

    /// What it says of the recipients that it concerns.
    pub(crate) fn report(&self, step: Step) -> Report {
        match self {
            Self::Reply(reply) => reply.report(step),
            Self::Account(why) => Report::deferred(Scope::Account, *why),
            Self::Lost(why) => {
                let report = Report::deferred(Scope::Destination, format!("{why} ({})", step.name()));
                if step == Step::Body { report.maybe_sent() } else { report }
            }
        }
    }
}

impl Reply {
    /// The report on the recipients that this refusal concerns.
    fn report(&self, step: Step) -> Report {
        let report = match self.weight(step) {
            (true, scope) => Report::rejected(scope, self.reason(step)),
            (false, scope) => Report::deferred(scope, self.reason(step)),
        };
        report.code(u32::from(self.code)).excerpt(excerpt(&self.text))
    }

    fn reason(&self, step: Step) -> String {
        format!("the relay answered {} to {}", excerpt(&format!("{} {}", self.code, self.text)), step.name())
    }

    /// Whether this refusal is for good, and what it is about.
    fn weight(&self, step: Step) -> (bool, Scope) {
        let permanent = self.code >= 500;
        let status = self.status();
        match (step, self.code) {
            (_, 421) | (Step::Connect, _) => (false, Scope::Destination),
            // RFC 4954, section 6: the account is refused, needed, too weak or unprotected.
            (_, 530 | 534 | 535 | 538) => (false, Scope::Account),
            (Step::Auth, _) => (false, if permanent { Scope::Account } else { Scope::Destination }),
            (Step::Mail { .. } | Step::Data | Step::Body, 552) => (true, Scope::Message),
            (Step::Mail { configured: true }, 550..=554) => (false, Scope::Account),
            // RFC 5321, section 4.5.3.1.10: 552 to RCPT is an old way to say "too many recipients".
            (Step::Rcpt, 552) if status.is_none() => (false, Scope::Recipient),
            (Step::Rcpt, _) if permanent => (true, Scope::Recipient),
            (_, _) if permanent => (true, Scope::Message),
            (Step::Mail { .. }, _) => (false, Scope::Destination),
            // RFC 3463, section 3.4: X.3 is the relay itself (a full disk, an overload).
            (_, _) if status == Some('3') => (false, Scope::Destination),
            (Step::Rcpt, _) => (false, Scope::Recipient),
            (_, _) if status.is_some() => (false, Scope::Message),
            (_, _) => (false, Scope::Destination),
        }
    }

    /// The subject of the enhanced status code (RFC 3463): `1` of `5.1.1`.
    fn status(&self) -> Option<char> {
        let word = self.text.split_whitespace().next()?;
        let mut parts = word.split('.');
        let (class, subject, detail) = (parts.next()?, parts.next()?, parts.next()?);
        let digits =
            |part: &str| !part.is_empty() && part.len() <= 3 && part.bytes().all(|b| b.is_ascii_digit());
        let whole = matches!(class, "4" | "5") && parts.next().is_none() && digits(detail);
        Some(subject).filter(|subject| whole && subject.len() == 1 && digits(subject))?.chars().next()
    }
}

/// The beginning of what the relay said, in one line.
pub(crate) fn excerpt(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(EXCERPT_CHARS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use nuncio_plugin_sdk::Outcome::{self, Deferred, Rejected};

    fn reported(step: Step, code: u16, text: &str) -> (Outcome, Scope) {
        let report = Fault::Reply(Reply { code, text: text.to_owned() }).report(step);
        assert_eq!(report.code, u32::from(code));
        assert!(report.reason.contains(text) && report.excerpt == text);
        (report.outcome, report.scope)
    }

    #[test]
    fn a_secret_that_the_relay_repeats_is_masked() {
        let text = "5.5.2 cannot recognise AUTH PLAIN AHUAaHVudGVyMg==".to_owned();
        let fault =
            Fault::Reply(Reply { code: 500, text }).without(&[String::new(), "AHUAaHVudGVyMg==".to_owned()]);
        let report = fault.report(Step::Auth);
        assert_eq!(report.excerpt, "5.5.2 cannot recognise AUTH PLAIN ***");
        assert!(!report.reason.contains("AHUA"), "{}", report.reason);
    }

    #[test]
    fn a_reply_is_weighed_by_where_it_came() {
        let mail = Step::Mail { configured: true };
        let foreign = Step::Mail { configured: false };
        for (step, code, text, expected) in [
            (Step::Connect, 554, "no service here", (Deferred, Scope::Destination)),
            (Step::Auth, 535, "5.7.8 bad credentials", (Deferred, Scope::Account)),
            (Step::Auth, 454, "4.7.0 try later", (Deferred, Scope::Destination)),
            (mail, 530, "5.7.0 authentication required", (Deferred, Scope::Account)),
            (mail, 553, "5.7.1 not your address", (Deferred, Scope::Account)),
            (foreign, 553, "5.7.1 not your address", (Rejected, Scope::Message)),
            (mail, 552, "5.3.4 too big", (Rejected, Scope::Message)),
            (mail, 451, "4.3.0 later", (Deferred, Scope::Destination)),
            (Step::Rcpt, 421, "4.3.2 going down", (Deferred, Scope::Destination)),
            (Step::Rcpt, 450, "4.2.0 greylisted", (Deferred, Scope::Recipient)),
            (Step::Rcpt, 452, "4.3.1 disk full", (Deferred, Scope::Destination)),
            (Step::Rcpt, 550, "5.1.1 unknown user", (Rejected, Scope::Recipient)),
            (Step::Rcpt, 552, "5.2.2 mailbox full", (Rejected, Scope::Recipient)),
            (Step::Rcpt, 552, "too many recipients", (Deferred, Scope::Recipient)),
            (Step::Data, 451, "try later", (Deferred, Scope::Destination)),
            (Step::Body, 451, "4.7.1 looks odd", (Deferred, Scope::Message)),
            (Step::Body, 552, "5.3.4 too big", (Rejected, Scope::Message)),
            (Step::Body, 554, "5.7.1 spam", (Rejected, Scope::Message)),
        ] {
            assert_eq!(reported(step, code, text), expected, "{step:?} {code} {text}");
        }
    }

    #[test]
    fn a_connection_lost_after_the_final_dot_may_have_sent() {
        let lost = Fault::Lost("the relay closed the connection".to_owned());
        assert!(lost.report(Step::Body).maybe_sent && !lost.report(Step::Data).maybe_sent);
    }

    #[test]
    fn only_three_numbers_are_an_enhanced_status() {
        for (text, expected) in [
            ("5.1.1 x", Some('1')),
            ("4.3.12", Some('3')),
            ("5.1 x", None),
            ("5.1.1.1", None),
            ("192.0.2", None),
        ] {
            assert_eq!(Reply { code: 550, text: text.to_owned() }.status(), expected, "{text}");
        }
    }
}
