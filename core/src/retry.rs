//! The retry policy: one pure function says what comes after an attempt.

use serde_json::Value;

use crate::{DeliveryKey, Refusal, Report};

/// When a failed delivery is tried again.
#[derive(Clone, Debug, PartialEq)]
pub enum Policy {
    /// Our own: a list of delays, or exponential.
    Own(Vec<i64>),
    /// Zaqar's `_retry_policy`.
    Zaqar(Value),
}

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
}

impl Default for Policy {
    fn default() -> Self {
        Self::Own(vec![0])
    }
}

impl Policy {
    /// Our own policy from the value of `options.retry` or `[delivery] retry`.
    ///
    /// # Errors
    /// A [`Refusal`] that points into `value`.
    pub fn own(value: &Value) -> Result<Self, Refusal> {
        let _ = value;
        Ok(Self::default())
    }

    /// Zaqar's policy from a `_retry_policy`.
    ///
    /// # Errors
    /// A [`Refusal`] that points into `value`.
    pub fn zaqar(value: &Value) -> Result<Self, Refusal> {
        Ok(Self::Zaqar(value.clone()))
    }

    /// Milliseconds after which it gives up whatever happened.
    #[must_use]
    pub fn window_ms(&self) -> i64 {
        0
    }

    /// Whether it keeps its own times: an open breaker does not delay it.
    #[must_use]
    pub const fn keeps_times(&self) -> bool {
        matches!(self, Self::Zaqar(_))
    }
}

/// What comes after an attempt that ended in `report`.
#[must_use]
pub fn judge(tried: Tried, report: &Report, policy: &Policy, key: DeliveryKey) -> Verdict {
    let _ = (tried, report, policy, key);
    Verdict::Done
}
