//! What an attempt means for one recipient, and for the lane.

use super::event::{End, Job, Open};
use crate::{
    DeliveryKey, Outcome, Report, Scope, State,
    retry::{Tried, Verdict, judge},
    settlement::Failure,
};

/// Characters of an answer's excerpt that are kept.
const EXCERPT: usize = 1_024;
/// Characters of a reason that are kept.
const REASON: usize = 512;

/// When an attempt was made and how long it took, milliseconds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Span {
    /// When it ended.
    pub(super) now: i64,
    /// How long it took.
    pub(super) ms: i64,
}

/// What becomes of one recipient.
#[derive(Clone, Debug)]
pub(super) enum Sentence {
    /// It ended.
    Close { state: State, n: u32, code: u32 },
    /// It is given up.
    Bury { reason: String, failure: Failure, gone: bool },
    /// It is tried again; equal to now for at once.
    Again { open: Open, due: i64, failure: Failure },
    /// It waits for somebody's word, and is looked at again when it is due.
    Park { open: Open, due: i64 },
    /// It waits until its lane works again.
    Hold { open: Open, failure: Option<Failure> },
}

/// What an attempt says of the lane.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Seen {
    /// The destination is there.
    Worked,
    /// The destination is not there, or wants to be left alone for so many milliseconds.
    Down(String, Option<i64>),
    /// The account is refused; the first probe comes after so many milliseconds where the driver named a time.
    Refused(String, Option<i64>),
    /// This host cannot serve the lane now.
    Held(String),
    /// Nothing: it was not asked.
    Nothing,
}

/// The report of a recipient of which the driver said nothing.
pub(super) fn unsaid() -> End {
    End::Report(Report::deferred(Scope::Recipient, "the driver said nothing of this recipient").maybe_sent())
}

/// What comes of `end` for one recipient of `job`.
pub(super) fn sentence(span: Span, job: &Job, open: Open, end: End, cancelled: bool) -> Sentence {
    let n = open.n.saturating_sub(1);
    match end {
        End::Cancelled => Sentence::Close { state: State::Cancelled, n, code: 0 },
        End::Suppressed => Sentence::Close { state: State::Suppressed, n, code: 0 },
        End::Parked(_) if cancelled => Sentence::Close { state: State::Cancelled, n, code: 0 },
        End::Parked(_) if job.until != 0 && span.now >= job.until => {
            Sentence::Close { state: State::Expired, n, code: 0 }
        }
        End::Parked(due) => Sentence::Park { open: Open { n, ..open }, due },
        End::Held(_) if cancelled => Sentence::Close { state: State::Cancelled, n, code: 0 },
        End::Held(_) => Sentence::Hold { open: Open { n, ..open }, failure: None },
        End::Report(report) if report.outcome == Outcome::Delivered => {
            Sentence::Close { state: State::Delivered, n: open.n, code: report.code }
        }
        End::Report(report) if cancelled => {
            Sentence::Close { state: State::Cancelled, n: open.n, code: report.code }
        }
        End::Report(report) => after_failure(span, job, open, &report),
    }
}

fn after_failure(span: Span, job: &Job, open: Open, report: &Report) -> Sentence {
    let Span { now, ms } = span;
    let failure = Failure {
        n: open.n,
        at: now - ms,
        ms,
        outcome: report.outcome,
        scope: report.scope,
        code: report.code,
        reason: capped(&report.reason, REASON),
        excerpt: capped(&report.excerpt, EXCERPT),
    };
    let expired = Sentence::Close { state: State::Expired, n: open.n, code: report.code };
    if report.outcome == Outcome::Deferred && report.scope == Scope::Account {
        let over = job.until != 0 && now >= job.until;
        return if over { expired } else { Sentence::Hold { open, failure: Some(failure) } };
    }
    let tries = open.tries.saturating_add(1);
    let tried = Tried { tries, since: open.since, until: job.until, now };
    // One key for the whole notice: the recipients of one mail come back together.
    let key = DeliveryKey::new(job.message, job.first);
    match judge(tried, report, &job.policy, key) {
        Verdict::Expire => expired,
        Verdict::RetryAt(due) => Sentence::Again { open: Open { tries, ..open }, due, failure },
        Verdict::GiveUp(reason) => {
            let reason = capped(&reason, REASON);
            Sentence::Bury { reason, failure, gone: report.outcome == Outcome::Gone }
        }
        Verdict::Done => Sentence::Close { state: State::Delivered, n: open.n, code: report.code },
    }
}

/// What the ends of a notice say of its lane: one recipient that was reached outweighs others that were not.
pub(super) fn seen(ends: &[(u32, End)], timed_out: bool) -> Seen {
    let reports =
        || ends.iter().filter_map(|(_, end)| if let End::Report(report) = end { Some(report) } else { None });
    if reports().any(|report| report.outcome == Outcome::Delivered) {
        return Seen::Worked;
    }
    let held = ends.iter().find_map(|(_, end)| if let End::Held(reason) = end { Some(reason) } else { None });
    if let Some(reason) = held {
        return Seen::Held(capped(reason, REASON));
    }
    if let Some(report) = reports().find(|report| report.scope == Scope::Account) {
        return Seen::Refused(capped(&report.reason, REASON), asked(report));
    }
    match reports().find(|report| report.scope == Scope::Destination) {
        Some(report) => Seen::Down(capped(&report.reason, REASON), asked(report)),
        None if timed_out => Seen::Down("timed out".to_owned(), None),
        None if ends.iter().any(|(_, end)| matches!(end, End::Report(_))) => Seen::Worked,
        None => Seen::Nothing,
    }
}

/// After how many milliseconds the far side wants to be asked again, if it said so.
fn asked(report: &Report) -> Option<i64> {
    report.retry_after.map(|wait| i64::try_from(wait.as_millis()).unwrap_or(i64::MAX))
}

fn capped(text: &str, chars: usize) -> String {
    text.chars().take(chars).collect()
}
