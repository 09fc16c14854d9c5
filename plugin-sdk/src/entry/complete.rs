//! How deliveries ended, in the host's terms.

use std::time::Duration;

use nuncio_core::{
    Outcome, Outcomes, Report, Scope,
    abi::{self, Bytes},
};

use super::host::Host;

/// How one delivery ended.
#[derive(Debug)]
pub(super) enum Ended {
    /// The driver said so.
    Said(Outcomes),
    /// The host asked for its end, or shutdown did.
    Cancelled,
}

impl Ended {
    /// The driver panicked; the far side may have it.
    pub(super) fn panicked(told: String) -> Self {
        Self::Said(Report::deferred(Scope::Recipient, told).maybe_sent().into())
    }

    /// The notice cannot be read.
    pub(super) fn unreadable(why: String) -> Self {
        Self::Said(Report::rejected(Scope::Message, why).into())
    }

    fn reports(&self) -> Reports<'_> {
        match self {
            Self::Cancelled => Reports::One(abi::Report {
                status: abi::CANCELLED,
                flags: abi::MAYBE_SENT,
                reason: Bytes::of(b"cancelled"),
                ..empty(abi::ALL)
            }),
            Self::Said(outcomes) => match outcomes.parts() {
                (Some(all), _) => Reports::One(raw(abi::ALL, all)),
                (None, each) => Reports::Each(each),
            },
        }
    }
}

enum Reports<'a> {
    One(abi::Report),
    Each(&'a [(u32, Report)]),
}

/// Completes each token of `done`, in one call of the host.
pub(super) fn complete(host: &Host, done: &[(u64, Ended)]) {
    match done {
        [] => {}
        // The hot case, without an allocation.
        [(token, ended)] if matches!(ended.reports(), Reports::One(_)) => {
            if let Reports::One(report) = ended.reports() {
                let reports = [&raw const report];
                let completion = completion(*token, &reports);
                host.complete(&[&raw const completion]);
            }
        }
        several => complete_several(host, several),
    }
}

fn complete_several(host: &Host, done: &[(u64, Ended)]) {
    let mut reports = Vec::with_capacity(done.len());
    let mut ends = Vec::with_capacity(done.len());
    for (_, ended) in done {
        match ended.reports() {
            Reports::One(report) => reports.push(report),
            Reports::Each(each) => reports.extend(each.iter().map(|(index, report)| raw(*index, report))),
        }
        ends.push(reports.len());
    }
    let reports: Vec<_> = reports.iter().map(std::ptr::from_ref).collect();
    let begins = std::iter::once(0).chain(ends.iter().copied());
    let spans = begins.zip(&ends).map(|(begin, end)| reports.get(begin..*end).unwrap_or_default());
    let completions: Vec<_> =
        done.iter().zip(spans).map(|((token, _), reports)| completion(*token, reports)).collect();
    let completions: Vec<_> = completions.iter().map(std::ptr::from_ref).collect();
    host.complete(&completions);
}

fn completion(token: u64, reports: &[*const abi::Report]) -> abi::Completion {
    abi::Completion {
        size: size_of::<abi::Completion>() as u32,
        reserved: 0,
        token,
        reports: reports.as_ptr(),
        report_count: reports.len(),
    }
}

const fn empty(index: u32) -> abi::Report {
    abi::Report {
        size: size_of::<abi::Report>() as u32,
        index,
        status: abi::DELIVERED,
        scope: abi::SCOPE_RECIPIENT,
        code: 0,
        flags: 0,
        retry_after_ms: 0,
        cost: 0,
        reason: Bytes::EMPTY,
        provider_id: Bytes::EMPTY,
        excerpt: Bytes::EMPTY,
    }
}

fn raw(index: u32, report: &Report) -> abi::Report {
    abi::Report {
        status: match report.outcome {
            Outcome::Delivered => abi::DELIVERED,
            Outcome::Deferred => abi::DEFERRED,
            Outcome::Rejected => abi::REJECTED,
            Outcome::Gone => abi::GONE,
        },
        scope: match report.scope {
            Scope::Recipient => abi::SCOPE_RECIPIENT,
            Scope::Message => abi::SCOPE_MESSAGE,
            Scope::Destination => abi::SCOPE_DESTINATION,
            Scope::Account => abi::SCOPE_ACCOUNT,
        },
        code: report.code,
        flags: if report.maybe_sent { abi::MAYBE_SENT } else { 0 },
        retry_after_ms: report.retry_after.map_or(0, milliseconds),
        cost: report.cost,
        reason: Bytes::of(report.reason.as_bytes()),
        provider_id: Bytes::of(report.provider_id.as_bytes()),
        excerpt: Bytes::of(report.excerpt.as_bytes()),
        ..empty(index)
    }
}

/// At least 1, since 0 says that no time was named.
fn milliseconds(after: Duration) -> u32 {
    u32::try_from(after.as_millis()).unwrap_or(u32::MAX).max(1)
}
