//! What a driver says of an attempt: an [`Outcome`] with its [`Report`], for each recipient.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// The driver's word on one recipient. Not an error: every attempt ends in one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The far side took it.
    Delivered,
    /// Not now; the same may succeed later.
    Deferred,
    /// Never in this form.
    Rejected,
    /// This address must not be used again.
    Gone,
}

/// What a failure says something about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// This recipient alone (a bad path, an unknown mailbox).
    #[default]
    Recipient,
    /// This message (too large, refused content).
    Message,
    /// The whole destination (connection, TLS, timeout, overload). Only this moves a circuit breaker.
    Destination,
    /// The driver's own account (a bad password, a quota): the lane is held, tries are not burnt.
    Account,
}

/// An [`Outcome`] with its reasons. Made by its builders; more may be added.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Report {
    /// The driver's word.
    pub outcome: Outcome,
    /// What a failure is about.
    pub scope: Scope,
    /// The far side's own code (HTTP, SMTP, SMPP, ...), 0 when there was none.
    pub code: u32,
    /// One line for a person: what happened, without secrets.
    pub reason: String,
    /// The beginning of the far side's answer.
    pub excerpt: String,
    /// The far side may have it although the attempt failed (a timeout after the body was sent).
    pub maybe_sent: bool,
    /// The far side's id, empty when it gave none.
    pub provider_id: String,
    /// When the far side wants to be asked again.
    pub retry_after: Option<Duration>,
    /// What it cost, in the driver's unit (parts of an SMS).
    pub cost: u32,
}

impl Report {
    /// The report of `outcome`, with nothing else said.
    #[must_use]
    pub const fn new(outcome: Outcome) -> Self {
        Self {
            outcome,
            scope: Scope::Recipient,
            code: 0,
            reason: String::new(),
            excerpt: String::new(),
            maybe_sent: false,
            provider_id: String::new(),
            retry_after: None,
            cost: 0,
        }
    }

    /// The far side took it.
    #[must_use]
    pub const fn delivered() -> Self {
        Self::new(Outcome::Delivered)
    }

    /// Not now: `reason`.
    #[must_use]
    pub fn deferred(scope: Scope, reason: impl Into<String>) -> Self {
        Self { scope, reason: reason.into(), ..Self::new(Outcome::Deferred) }
    }

    /// Never in this form: `reason`.
    #[must_use]
    pub fn rejected(scope: Scope, reason: impl Into<String>) -> Self {
        Self { scope, reason: reason.into(), ..Self::new(Outcome::Rejected) }
    }

    /// This address must not be used again: `reason`.
    #[must_use]
    pub fn gone(reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), ..Self::new(Outcome::Gone) }
    }

    /// With the far side's code.
    #[must_use]
    pub const fn code(mut self, code: u32) -> Self {
        self.code = code;
        self
    }

    /// With the beginning of the far side's answer.
    #[must_use]
    pub fn excerpt(mut self, excerpt: impl Into<String>) -> Self {
        self.excerpt = excerpt.into();
        self
    }

    /// Says that the far side may have it although the attempt failed.
    #[must_use]
    pub const fn maybe_sent(mut self) -> Self {
        self.maybe_sent = true;
        self
    }

    /// With the far side's id.
    #[must_use]
    pub fn provider_id(mut self, id: impl Into<String>) -> Self {
        self.provider_id = id.into();
        self
    }

    /// With what it cost, in the driver's unit.
    #[must_use]
    pub const fn cost(mut self, cost: u32) -> Self {
        self.cost = cost;
        self
    }

    /// With the time after which the far side wants to be asked again.
    #[must_use]
    pub const fn retry_after(mut self, after: Duration) -> Self {
        self.retry_after = Some(after);
        self
    }
}

/// The reports of one attempt, for all recipients alike or for each by its index.
///
/// A recipient that is left out counts as deferred and maybe sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcomes(Reports);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Reports {
    All(Report),
    Each(Vec<(u32, Report)>),
}

impl Outcomes {
    /// One report for every recipient.
    #[must_use]
    pub const fn all(report: Report) -> Self {
        Self(Reports::All(report))
    }

    /// A report for each recipient, by [`Recipient::index`](crate::Recipient::index).
    #[must_use]
    pub const fn each(reports: Vec<(u32, Report)>) -> Self {
        Self(Reports::Each(reports))
    }

    /// The reports as they were made: the one for every recipient that has none of its own, and those by index.
    #[must_use]
    pub fn parts(&self) -> (Option<&Report>, &[(u32, Report)]) {
        match &self.0 {
            Reports::All(report) => (Some(report), &[]),
            Reports::Each(each) => (None, each),
        }
    }

    /// The report of the recipient `index`.
    #[must_use]
    pub fn of(&self, index: u32) -> Report {
        match &self.0 {
            Reports::All(report) => report.clone(),
            Reports::Each(each) => each.iter().find(|(i, _)| *i == index).map_or_else(
                || {
                    Report::deferred(Scope::Recipient, "the driver said nothing of this recipient")
                        .maybe_sent()
                },
                |(_, report)| report.clone(),
            ),
        }
    }
}

impl From<Outcome> for Outcomes {
    fn from(outcome: Outcome) -> Self {
        Self::all(Report::new(outcome))
    }
}

impl From<Report> for Outcomes {
    fn from(report: Report) -> Self {
        Self::all(report)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recipient_left_out_is_deferred_and_maybe_sent() {
        let outcomes = Outcomes::each(vec![(3, Report::delivered())]);
        assert_eq!(outcomes.of(3).outcome, Outcome::Delivered);
        let missing = outcomes.of(4);
        assert!(missing.outcome == Outcome::Deferred && missing.maybe_sent);
    }

    #[test]
    fn one_word_is_enough() {
        assert_eq!(Outcomes::from(Outcome::Gone).of(7).outcome, Outcome::Gone);
    }
}
