//! What a driver says of a notice: structs of any age, read with limits and copied.

use std::time::Duration;

use nuncio_core::{Outcome, Outcomes, Report, Scope, abi, abi_read};

use super::{payload::Payload, secrets::Secrets};
use crate::text;

/// The longest reason that is kept, in bytes.
const REASON: usize = 1024;
/// The longest excerpt of the far side's answer that is kept, in bytes.
const EXCERPT: usize = 2048;
/// The longest id of the far side that is kept, in bytes: that of a message in a hundred parts.
const PROVIDER_ID: usize = 8 << 10;

/// The reports of `completion` on the notice of `payload`.
///
/// # Safety
/// `completion` must be readable as far as its size says, and so must be what it points to (rules 1 and 2).
pub(super) unsafe fn read(
    completion: *const abi::Completion,
    payload: &Payload,
    secrets: &Secrets,
) -> Outcomes {
    // SAFETY: by the caller's word.
    let (reports, count) = unsafe {
        (
            abi_read!(completion, abi::Completion, reports, std::ptr::null()),
            abi_read!(completion, abi::Completion, report_count, 0),
        )
    };
    if reports.is_null() || !reports.is_aligned() {
        return Outcomes::each(Vec::new());
    }
    let recipients = payload.recipients();
    // One for each, and one for those that have none of their own.
    let count = count.min(recipients.len() + 1);
    // SAFETY: the driver says that there are at least so many.
    let pointers = (0..count).map(|at| unsafe { reports.add(at).read() });
    let mut pointers = pointers.filter(|report| !report.is_null() && report.is_aligned());
    let Some(first) = pointers.next() else { return Outcomes::each(Vec::new()) };
    // SAFETY: by the caller's word.
    let (index, report) = unsafe { one(first, payload, secrets) };
    let alone = recipients.len() == 1 && payload.recipients().eq([index]);
    if count == 1 && (index == abi::ALL || alone) {
        return Outcomes::all(report);
    }
    let mut each = vec![(index, report)];
    // SAFETY: by the caller's word.
    each.extend(pointers.map(|report| unsafe { one(report, payload, secrets) }));
    let of_all = each.iter().find(|(index, _)| *index == abi::ALL).map(|(_, report)| report.clone());
    if let Some(report) = of_all {
        let missing = recipients.filter(|one| each.iter().all(|(index, _)| index != one));
        let missing: Vec<_> = missing.map(|index| (index, report.clone())).collect();
        each.retain(|(index, _)| *index != abi::ALL);
        each.extend(missing);
    }
    Outcomes::each(each)
}

/// # Safety
/// As [`read`].
unsafe fn one(report: *const abi::Report, payload: &Payload, secrets: &Secrets) -> (u32, Report) {
    // SAFETY: by the caller's word.
    let (index, status, scope, code, flags, retry_after_ms, cost) = unsafe {
        (
            abi_read!(report, abi::Report, index, abi::ALL),
            abi_read!(report, abi::Report, status, abi::DEFERRED),
            abi_read!(report, abi::Report, scope, 0),
            abi_read!(report, abi::Report, code, 0),
            abi_read!(report, abi::Report, flags, 0),
            abi_read!(report, abi::Report, retry_after_ms, 0),
            abi_read!(report, abi::Report, cost, 0),
        )
    };
    // SAFETY: by the caller's word.
    let (reason, provider_id, excerpt) = unsafe {
        (
            abi_read!(report, abi::Report, reason, abi::Bytes::EMPTY),
            abi_read!(report, abi::Report, provider_id, abi::Bytes::EMPTY),
            abi_read!(report, abi::Report, excerpt, abi::Bytes::EMPTY),
        )
    };
    let mut read = Report::new(match status {
        abi::DELIVERED => Outcome::Delivered,
        abi::REJECTED => Outcome::Rejected,
        abi::GONE => Outcome::Gone,
        _ => Outcome::Deferred,
    });
    read.scope = match scope {
        1 => Scope::Message,
        2 => Scope::Destination,
        3 => Scope::Account,
        _ => Scope::Recipient,
    };
    read.code = code;
    read.maybe_sent = flags & abi::MAYBE_SENT != 0;
    read.retry_after = (retry_after_ms > 0).then(|| Duration::from_millis(retry_after_ms.into()));
    read.cost = cost;
    if [reason, provider_id, excerpt].iter().any(|text| text.len > 0) {
        let redactors = [&secrets.settings, &secrets.of(payload.notice())];
        // SAFETY: by the caller's word.
        unsafe {
            read.reason = text::shown(reason, REASON, &redactors);
            read.provider_id = text::shown(provider_id, PROVIDER_ID, &redactors);
            read.excerpt = text::shown(excerpt, EXCERPT, &redactors);
        }
    }
    if !matches!(status, 0..=3 | abi::CANCELLED | abi::FAILED) {
        read.maybe_sent = true;
        read.reason = format!("the driver gave the status {status}, which means nothing here");
    }
    (index, read)
}
