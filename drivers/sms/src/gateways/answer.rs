//! What an HTTP answer means before the vendor's own codes are looked at.

use nuncio_plugin_sdk::{
    Outcome, Report, Scope,
    http::{Answer, HttpError, report},
};

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

/// The body of an answer, empty when there was none.
pub(crate) fn body(answer: &Result<Answer, HttpError>) -> &[u8] {
    answer.as_ref().map_or(&[], |answer| &answer.body)
}

/// `told` with what HTTP said beside it: the beginning of the answer, and when to come back.
pub(crate) fn beside(told: Report, plain: Report) -> Report {
    let told = told.excerpt(plain.excerpt);
    match plain.retry_after {
        Some(wait) => told.retry_after(wait),
        None => told,
    }
}

/// `plain` with the vendor's own code and words.
pub(crate) fn coded(mut plain: Report, code: u32, reason: String) -> Report {
    plain.code = code;
    plain.reason = reason;
    plain
}

/// The report of a success that `vendor` would not have written so: something else answers at that address. One that
/// broke off is taken for a success, since the message is on its way, in `parts`.
pub(crate) fn unreadable(
    vendor: &str,
    answer: &Result<Answer, HttpError>,
    plain: Report,
    parts: u32,
) -> Report {
    if answer.as_ref().is_ok_and(|answer| answer.truncated) {
        return plain.cost(parts);
    }
    let why = format!("what answers at this address is not {vendor}; look at the account's address");
    let report = Report::deferred(Scope::Account, why).code(plain.code).maybe_sent();
    beside(report, plain)
}
