//! A policy, whoever wrote it, and which of two applies.

use serde_json::Value;

use super::{own::Schedule, zaqar::Phases};
use crate::{DeliveryKey, Refusal};

/// When a failed delivery is tried again. The default is ours: `["0s", "1s", "5s", "30s", "5m", "30m", "2h", "5h",
/// "10h", "14h", "20h", "24h"]`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Policy(Rule);

#[derive(Clone, Debug, PartialEq)]
enum Rule {
    Own(Schedule),
    Zaqar(Phases),
}

impl Default for Rule {
    fn default() -> Self {
        Self::Own(Schedule::default())
    }
}

impl Policy {
    /// Our own policy from the value of `options.retry` or `[delivery] retry`: `{"schedule": ["0s", "5m"]}`, the
    /// delays before retry 1, 2, ..., or `{"base": "5s", "factor": 2, "cap": "1h", "retries": 20}`; `{}` is the
    /// default. At most 100 retries, each after at most 7 days; delays from 5 minutes up are spread by up to a tenth.
    ///
    /// # Errors
    /// A [`Refusal`] that points into `value`.
    pub fn own(value: &Value) -> Result<Self, Refusal> {
        Schedule::parse(value).map(|schedule| Self(Rule::Own(schedule)))
    }

    /// Zaqar's policy from a `_retry_policy`, with its defaults. Each counted phase has at most 1,000 retries, and
    /// delays are at most 30 days; keys that Zaqar does not know are left alone, as there.
    ///
    /// # Errors
    /// A [`Refusal`] that points into `value`.
    pub fn zaqar(value: &Value) -> Result<Self, Refusal> {
        Phases::parse(value).map(|phases| Self(Rule::Zaqar(phases)))
    }

    /// Milliseconds that the policy takes from first to last attempt: all its delays and time for every attempt.
    ///
    /// Our own policies give up after it whatever happened; Zaqar's end by their count alone.
    #[must_use]
    pub fn window_ms(&self) -> i64 {
        match &self.0 {
            Rule::Own(schedule) => schedule.window_ms(),
            Rule::Zaqar(phases) => phases.window_ms(),
        }
    }

    /// Whether it keeps its own times: an open breaker and the far side's Retry-After do not delay it.
    #[must_use]
    pub const fn keeps_times(&self) -> bool {
        matches!(self.0, Rule::Zaqar(_))
    }

    /// The delay before retry `k` (from 1) of `key`; none when its retries are used up.
    pub(super) fn delay_ms(&self, k: u32, key: DeliveryKey) -> Option<i64> {
        match &self.0 {
            Rule::Own(schedule) => schedule.delay_ms(k, key),
            Rule::Zaqar(phases) => phases.delay_ms(k),
        }
    }
}

/// Which `_retry_policy` applies, as Zaqar chooses: the queue's if either says `ignore_subscription_override`, else
/// the subscription's, else the queue's. An empty one counts as none, and none is merged with the other.
#[must_use]
pub fn effective<'a>(queue: Option<&'a Value>, subscription: Option<&'a Value>) -> Option<&'a Value> {
    let named = |policy: Option<&'a Value>| {
        policy.filter(|value| !value.is_null() && value.as_object().is_none_or(|map| !map.is_empty()))
    };
    let (queue, subscription) = (named(queue), named(subscription));
    let ignored = |policy: &Value| policy.get("ignore_subscription_override") == Some(&Value::Bool(true));
    if queue.is_some_and(ignored) || subscription.is_some_and(ignored) {
        return queue;
    }
    subscription.or(queue)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_policy_is_chosen_as_zaqar_does() {
        let (queue, subscription) = (json!({"minimum_delay": 1}), json!({"minimum_delay": 2}));
        let stubborn = json!({"ignore_subscription_override": true});
        let (empty, null) = (json!({}), json!(null));
        for (of_queue, of_subscription, want) in [
            (None, None, None),
            (Some(&queue), None, Some(&queue)),
            (None, Some(&subscription), Some(&subscription)),
            (Some(&queue), Some(&subscription), Some(&subscription)),
            (Some(&queue), Some(&empty), Some(&queue)),
            (Some(&queue), Some(&null), Some(&queue)),
            (Some(&empty), Some(&empty), None),
            (Some(&stubborn), Some(&subscription), Some(&stubborn)),
            (Some(&queue), Some(&stubborn), Some(&queue)),
            (None, Some(&stubborn), None),
        ] {
            assert_eq!(effective(of_queue, of_subscription), want, "{of_queue:?} {of_subscription:?}");
        }
    }

    #[test]
    fn only_zaqars_policy_keeps_its_times() {
        assert!(Policy::zaqar(&json!({})).unwrap().keeps_times());
        assert!(!Policy::default().keeps_times());
    }
}
