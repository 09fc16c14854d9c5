//! `judge`: what comes after an attempt.

use super::policy::Policy;
use crate::{DeliveryKey, Outcome, Report};

/// What has been tried so far, this attempt included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tried {
    /// Failed tries that count, with this one.
    pub tries: u32,
    /// Since when the policy's window runs, Unix milliseconds.
    pub since: i64,
    /// When the message ends by its own `deliver_until`, Unix milliseconds; 0 for never.
    pub until: i64,
    /// Now, Unix milliseconds.
    pub now: i64,
}

/// The policy's word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing more to do.
    Done,
    /// Try again at this time (Unix milliseconds); equal to now for a retry without delay.
    RetryAt(i64),
    /// Bury it: why.
    GiveUp(String),
    /// Its own `deliver_until` has passed, or comes before the next try would.
    Expire,
}

/// What comes after an attempt that ended in `report`.
///
/// Due times are full seconds, rounded up, except for a retry without delay. The far side's Retry-After moves a due
/// time back, at most to the end of the policy's window; a policy that keeps its own times ignores it.
#[must_use]
pub fn judge(tried: Tried, report: &Report, policy: &Policy, key: DeliveryKey) -> Verdict {
    match report.outcome {
        Outcome::Delivered => Verdict::Done,
        Outcome::Rejected => Verdict::GiveUp(reason(report, "rejected")),
        Outcome::Gone => Verdict::GiveUp(reason(report, "gone: the address must not be used again")),
        Outcome::Deferred => after_deferral(tried, report, policy, key),
    }
}

fn after_deferral(tried: Tried, report: &Report, policy: &Policy, key: DeliveryKey) -> Verdict {
    let Tried { tries, since, until, now } = tried;
    if until != 0 && now >= until {
        return Verdict::Expire;
    }
    let Some(delay) = policy.delay_ms(tries, key) else {
        return exhausted(tries, report);
    };
    let end = since.saturating_add(policy.window_ms());
    if !policy.keeps_times() && now >= end {
        let reason = reason(report, "deferred");
        return Verdict::GiveUp(format!("no time left for retries after {}: {reason}", attempts(tries)));
    }
    let wished = if policy.keeps_times() { now } else { asked(now, report).min(end) };
    let due = now.saturating_add(delay).max(wished);
    let due = if due == now { now } else { full_second(due) };
    if until != 0 && due >= until { Verdict::Expire } else { Verdict::RetryAt(due) }
}

/// When the far side wants to be asked again.
fn asked(now: i64, report: &Report) -> i64 {
    let wait = report.retry_after.map_or(0, |wait| i64::try_from(wait.as_millis()).unwrap_or(i64::MAX));
    now.saturating_add(wait)
}

fn full_second(ms: i64) -> i64 {
    match ms.rem_euclid(1_000) {
        0 => ms,
        rest => ms.saturating_add(1_000 - rest),
    }
}

fn exhausted(tries: u32, report: &Report) -> Verdict {
    Verdict::GiveUp(format!("no retries left after {}: {}", attempts(tries), reason(report, "deferred")))
}

fn attempts(tries: u32) -> String {
    if tries == 1 { "1 attempt".to_owned() } else { format!("{tries} attempts") }
}

fn reason(report: &Report, otherwise: &str) -> String {
    if report.reason.is_empty() { otherwise.to_owned() } else { report.reason.clone() }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::{MessageId, Scope};

    const KEY: DeliveryKey = DeliveryKey::new(MessageId(5), 3);
    const NOW: i64 = 1_800_000_000_250;

    fn tried(tries: u32) -> Tried {
        Tried { tries, since: NOW, until: 0, now: NOW }
    }

    fn own(value: serde_json::Value) -> Policy {
        Policy::own(&json!({ "schedule": value })).unwrap()
    }

    fn busy() -> Report {
        Report::deferred(Scope::Destination, "503")
    }

    #[test]
    fn a_delivery_is_done_and_a_refusal_is_buried_with_its_reason() {
        let policy = Policy::default();
        assert_eq!(judge(tried(1), &Report::delivered(), &policy, KEY), Verdict::Done);
        let rejected = Report::rejected(Scope::Recipient, "404");
        assert_eq!(judge(tried(1), &rejected, &policy, KEY), Verdict::GiveUp("404".into()));
        assert_eq!(judge(tried(1), &Report::gone("410"), &policy, KEY), Verdict::GiveUp("410".into()));
        assert_eq!(
            judge(tried(1), &Report::new(Outcome::Rejected), &policy, KEY),
            Verdict::GiveUp("rejected".into())
        );
    }

    #[test]
    fn retries_follow_the_schedule_in_full_seconds_and_end() {
        let policy = own(json!(["0s", "5s"]));
        assert_eq!(judge(tried(1), &busy(), &policy, KEY), Verdict::RetryAt(NOW));
        assert_eq!(judge(tried(2), &busy(), &policy, KEY), Verdict::RetryAt(NOW + 5_750));
        let end = Verdict::GiveUp("no retries left after 3 attempts: 503".into());
        assert_eq!(judge(tried(3), &busy(), &policy, KEY), end);
    }

    #[test]
    fn retry_after_moves_a_retry_back_but_not_out_of_the_window() {
        let policy = own(json!(["0s", "5s"]));
        let ask = |seconds| busy().retry_after(Duration::from_secs(seconds));
        assert_eq!(judge(tried(1), &ask(60), &policy, KEY), Verdict::RetryAt(NOW + 60_750));
        assert_eq!(judge(tried(2), &ask(1), &policy, KEY), Verdict::RetryAt(NOW + 5_750));
        let end = full_second(NOW + policy.window_ms());
        assert_eq!(judge(tried(1), &ask(u64::MAX), &policy, KEY), Verdict::RetryAt(end));
    }

    #[test]
    fn zaqars_times_ignore_retry_after_and_the_window() {
        let policy = Policy::zaqar(&json!({"retries_with_no_delay": 0})).unwrap();
        let report = busy().retry_after(Duration::from_secs(600));
        let late = Tried { since: 0, ..tried(1) };
        assert_eq!(judge(late, &report, &policy, KEY), Verdict::RetryAt(NOW + 5_750));
    }

    #[test]
    fn our_own_policy_gives_up_when_its_window_has_passed() {
        let policy = own(json!(["0s", "5s"]));
        let late = Tried { since: NOW - policy.window_ms(), ..tried(1) };
        let end = Verdict::GiveUp("no time left for retries after 1 attempt: 503".into());
        assert_eq!(judge(late, &busy(), &policy, KEY), end);
    }

    #[test]
    fn a_delivery_expires_when_no_try_fits_before_its_end() {
        let policy = own(json!(["5s"]));
        let ends = |until| judge(Tried { until, ..tried(1) }, &busy(), &policy, KEY);
        assert_eq!(ends(NOW), Verdict::Expire);
        assert_eq!(ends(NOW + 5_750), Verdict::Expire);
        assert_eq!(ends(NOW + 5_751), Verdict::RetryAt(NOW + 5_750));
        let done = judge(Tried { until: NOW, ..tried(1) }, &Report::delivered(), &policy, KEY);
        assert_eq!(done, Verdict::Done);
    }

    fn any_policy() -> impl Strategy<Value = Policy> {
        prop_oneof![
            prop::collection::vec(0_u32..700_000, 0..12).prop_map(|seconds| {
                let list: Vec<String> = seconds.iter().map(|s| format!("{}s", s % 604_800)).collect();
                own(json!(list))
            }),
            (0_u32..9, 0_u32..9, 1_u32..50, 10_u32..90).prop_map(|(at_once, after, minimum, range)| {
                Policy::zaqar(&json!({
                    "retries_with_no_delay": at_once, "maximum_delay_retries": after,
                    "minimum_delay": minimum, "maximum_delay": minimum + range,
                }))
                .unwrap()
            }),
        ]
    }

    proptest! {
        #[test]
        fn a_retry_is_never_before_now_nor_after_the_end(
            tries: u32, since: i64, until: i64, now: i64, wait: Option<u64>, policy in any_policy(), message: i64, idx: u32,
        ) {
            let report = Report { retry_after: wait.map(Duration::from_millis), ..busy() };
            let verdict = judge(
                Tried { tries, since, until, now }, &report, &policy, DeliveryKey::new(MessageId(message), idx),
            );
            if let Verdict::RetryAt(due) = verdict {
                prop_assert!(due >= now && (until == 0 || due < until));
            }
        }

        #[test]
        fn retries_end_and_their_times_lie_within_the_window(policy in any_policy(), wait in 0_u64..9_000) {
            let report = busy().retry_after(Duration::from_millis(wait));
            let mut now = NOW;
            let mut tries = 1;
            while let Verdict::RetryAt(due) = judge(Tried { now, ..tried(tries) }, &report, &policy, KEY) {
                prop_assert!(due <= full_second(NOW + policy.window_ms()));
                (now, tries) = (due, tries + 1);
                prop_assert!(tries < 1_000);
            }
        }
    }
}
