//! What an HTTP answer means for a delivery: the one table.

use http::{StatusCode, header::RETRY_AFTER};
use nuncio_core::{Outcome, Report, Scope};

use super::{client::Answer, error::HttpError, retry_after};

/// The most bytes of a response body that a report keeps.
pub const EXCERPT_BYTES: usize = 1024;

/// The report of a request and its answer, at `now_ms` (for a `Retry-After` that is a date).
///
/// | answer | outcome | scope |
/// |---|---|---|
/// | 2xx | delivered | |
/// | 3xx, never followed | deferred: it may be taken back | recipient |
/// | 408, 425, other 5xx | deferred | recipient |
/// | 429, 502, 503, 504 | deferred | destination |
/// | 410 | gone | recipient |
/// | 413 | rejected | message |
/// | other 4xx | rejected | recipient |
/// | no name, no connection, TLS, timeout, reset, not HTTP | deferred | destination |
/// | refused by the address policy, not a web address | rejected | recipient |
#[must_use]
pub fn report(result: &Result<Answer, HttpError>, now_ms: i64) -> Report {
    match result {
        Ok(answer) => of_answer(answer, now_ms),
        Err(error @ (HttpError::Forbidden | HttpError::Unsupported { .. })) => {
            Report::rejected(Scope::Recipient, error.to_string())
        }
        Err(error) => {
            let report = Report::deferred(Scope::Destination, error.to_string());
            if error.maybe_sent() { report.maybe_sent() } else { report }
        }
    }
}

fn of_answer(answer: &Answer, now_ms: i64) -> Report {
    let (outcome, scope) = meaning(answer.status);
    let report = Report::new(outcome).code(answer.status.as_u16().into()).excerpt(excerpt(&answer.body));
    if outcome == Outcome::Delivered {
        return report;
    }
    let wish = answer.headers.get(RETRY_AFTER).and_then(|value| value.to_str().ok());
    let wait = wish.and_then(|wish| retry_after::parse(wish, now_ms));
    let mut report = wait.map_or(report.clone(), |wait| report.retry_after(wait));
    report.scope = scope;
    report.reason = reason(answer.status);
    report
}

fn meaning(status: StatusCode) -> (Outcome, Scope) {
    match status.as_u16() {
        200..=299 => (Outcome::Delivered, Scope::Recipient),
        410 => (Outcome::Gone, Scope::Recipient),
        413 => (Outcome::Rejected, Scope::Message),
        429 | 502..=504 => (Outcome::Deferred, Scope::Destination),
        300..=399 | 408 | 425 | 500..=599 => (Outcome::Deferred, Scope::Recipient),
        400..=499 => (Outcome::Rejected, Scope::Recipient),
        // 1xx is no final answer, and nothing above 599 is HTTP (RFC 9110, section 15).
        _ => (Outcome::Deferred, Scope::Recipient),
    }
}

fn reason(status: StatusCode) -> String {
    let phrase = status.canonical_reason().map_or_else(String::new, |phrase| format!(" {phrase}"));
    let note = if status.is_redirection() { ": redirects are not followed" } else { "" };
    format!("{}{phrase}{note}", status.as_u16())
}

/// The beginning of a body as text: what is not UTF-8 is replaced, control characters become spaces.
fn excerpt(body: &[u8]) -> String {
    let head: Vec<u8> = body.iter().copied().take(EXCERPT_BYTES).collect();
    let mut text = String::new();
    for char in String::from_utf8_lossy(&head).chars().map(|char| if char.is_control() { ' ' } else { char })
    {
        if text.len() + char.len_utf8() > EXCERPT_BYTES {
            break;
        }
        text.push(char);
    }
    text.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderMap;
    use proptest::prelude::*;
    use std::time::Duration;

    fn answer(status: u16) -> Answer {
        let status = StatusCode::from_u16(status).unwrap();
        Answer { status, headers: HeaderMap::new(), body: b"try\r\nlater\x1b[0m".to_vec(), truncated: false }
    }

    #[test]
    fn each_status_means_what_the_table_says() {
        use Outcome::{Deferred, Delivered, Gone, Rejected};
        for (status, outcome, scope) in [
            (200, Delivered, Scope::Recipient),
            (204, Delivered, Scope::Recipient),
            (301, Deferred, Scope::Recipient),
            (302, Deferred, Scope::Recipient),
            (400, Rejected, Scope::Recipient),
            (401, Rejected, Scope::Recipient),
            (404, Rejected, Scope::Recipient),
            (408, Deferred, Scope::Recipient),
            (410, Gone, Scope::Recipient),
            (413, Rejected, Scope::Message),
            (425, Deferred, Scope::Recipient),
            (429, Deferred, Scope::Destination),
            (500, Deferred, Scope::Recipient),
            (501, Deferred, Scope::Recipient),
            (502, Deferred, Scope::Destination),
            (503, Deferred, Scope::Destination),
            (504, Deferred, Scope::Destination),
            (599, Deferred, Scope::Recipient),
            (600, Deferred, Scope::Recipient),
        ] {
            let report = report(&Ok(answer(status)), 0);
            assert_eq!(
                (report.outcome, report.scope, report.code),
                (outcome, scope, status.into()),
                "{status}"
            );
        }
    }

    #[test]
    fn the_reason_is_the_status_line_and_the_excerpt_is_clean() {
        let mut busy = answer(503);
        busy.headers.insert(RETRY_AFTER, "7".parse().unwrap());
        let busy = report(&Ok(busy), 0);
        assert_eq!(busy.reason, "503 Service Unavailable");
        assert_eq!(busy.excerpt, "try  later [0m");
        assert_eq!(busy.retry_after, Some(Duration::from_secs(7)));
        assert_eq!(report(&Ok(answer(302)), 0).reason, "302 Found: redirects are not followed");
    }

    #[test]
    fn an_error_says_whether_it_may_have_been_sent() {
        let target = || "http://example.org:80".to_owned();
        let sent = report(&Err(HttpError::Reset { target: target(), maybe_sent: true }), 0);
        assert!(sent.maybe_sent && sent.outcome == Outcome::Deferred && sent.scope == Scope::Destination);
        assert!(!report(&Err(HttpError::Resolve { target: target() }), 0).maybe_sent);
        let forbidden = report(&Err(HttpError::Forbidden), 0);
        assert_eq!((forbidden.outcome, forbidden.scope), (Outcome::Rejected, Scope::Recipient));
    }

    proptest! {
        #[test]
        fn an_excerpt_is_short_and_has_no_control_characters(body in proptest::collection::vec(any::<u8>(), 0..3000)) {
            let text = excerpt(&body);
            prop_assert!(text.len() <= EXCERPT_BYTES);
            prop_assert!(!text.chars().any(char::is_control));
        }
    }
}
