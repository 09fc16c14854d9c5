//! What an HTTP answer means before the vendor's own codes are looked at.

use nuncio_plugin_sdk::{
    Outcome, Report, Scope,
    http::{Answer, HttpError, report},
};

/// An answer that came.
#[derive(Clone, Debug)]
pub(crate) struct Answered<'a> {
    /// What HTTP says of it.
    pub(crate) plain: Report,
    /// Its body, perhaps its beginning alone.
    pub(crate) body: &'a [u8],
    /// Whether the body broke off.
    pub(crate) truncated: bool,
}

impl Answered<'_> {
    /// `told` with what HTTP said beside it: the beginning of the answer, and when to come back.
    pub(crate) fn beside(self, told: Report) -> Report {
        let told = told.excerpt(self.plain.excerpt);
        match self.plain.retry_after {
            Some(wait) => told.retry_after(wait),
            None => told,
        }
    }

    /// What HTTP says, with the vendor's own code and words.
    pub(crate) fn coded(self, code: u32, reason: String) -> Report {
        let mut plain = self.plain;
        plain.code = code;
        plain.reason = reason;
        plain
    }

    /// The report of a success that `vendor` would not have written so: something else answers at that address. One that
    /// broke off is taken for a success, since the message is on its way, in `parts`.
    pub(crate) fn unreadable(self, vendor: &str, parts: u32) -> Report {
        if self.truncated {
            return self.plain.cost(parts);
        }
        let why = format!("what answers at this address is not {vendor}; look at the account's address");
        let report = Report::deferred(Scope::Account, why).code(self.plain.code).maybe_sent();
        self.beside(report)
    }

    /// Whether HTTP calls it a success.
    pub(crate) fn is_success(&self) -> bool {
        self.plain.outcome == Outcome::Delivered
    }
}

/// As [`report`] says, but for what every message of this account meets alike: an address that the operator wrote and a
/// credential that the operator gave. Those hold the account instead of failing message after message.
pub(crate) fn plain(answer: &Result<Answer, HttpError>, now_ms: i64) -> Report {
    let mut report = report(answer, now_ms);
    if matches!(report.code, 300..=399 | 401..=405 | 407) {
        report.outcome = Outcome::Deferred;
        report.scope = Scope::Account;
    }
    report
}
