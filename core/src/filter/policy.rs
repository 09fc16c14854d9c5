//! A policy in its compiled form, and its evaluation.

use serde_json::{Map, Value};

use super::{condition::Condition, limits::MAX_VALUES};

/// Clauses that must all hold.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Policy(pub(super) Box<[Clause]>);

/// What must hold.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Clause {
    /// Something of the value of a key.
    Key(Box<str>, Rule),
    /// One of several policies (`$or`).
    Or(Box<[Policy]>),
}

/// What must hold of a value.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Rule {
    /// Any of these conditions.
    Any(Box<[Condition]>),
    /// A policy over its members.
    Members(Policy),
}

/// How many values may still be looked at.
#[derive(Debug)]
pub(super) struct Budget(usize);

impl Budget {
    /// That of one evaluation.
    pub(super) const fn whole() -> Self {
        Self(MAX_VALUES)
    }

    fn spend(&mut self) -> bool {
        let left = self.0 > 0;
        self.0 = self.0.saturating_sub(1);
        left
    }
}

impl Policy {
    /// Whether it holds of `members`; of `None` where there are none.
    pub(super) fn holds(&self, members: Option<&Map<String, Value>>, budget: &mut Budget) -> bool {
        self.0.iter().all(|clause| match clause {
            Clause::Key(name, rule) => rule.holds(members.and_then(|members| members.get(&**name)), budget),
            Clause::Or(policies) => policies.iter().any(|policy| policy.holds(members, budget)),
        })
    }

    /// Whether it holds of a value: of an object, or of any object in a list. Anything else has no members.
    fn holds_of(&self, value: &Value, budget: &mut Budget) -> bool {
        let mut objects = false;
        let held = any(value, budget, &mut |one, budget| match one {
            Value::Object(members) => {
                objects = true;
                self.holds(Some(members), budget)
            }
            _ => false,
        });
        held || (!objects && self.holds(None, budget))
    }
}

impl Rule {
    fn holds(&self, value: Option<&Value>, budget: &mut Budget) -> bool {
        match (self, value) {
            (Self::Any(conditions), None) => {
                conditions.iter().any(|one| matches!(one, Condition::Exists(false)))
            }
            (Self::Any(conditions), Some(value)) => {
                conditions.iter().any(|one| matches!(one, Condition::Exists(true)))
                    || any(value, budget, &mut |one, _| {
                        conditions.iter().any(|condition| condition.holds(one))
                    })
            }
            (Self::Members(policy), None) => policy.holds(None, budget),
            (Self::Members(policy), Some(value)) => policy.holds_of(value, budget),
        }
    }
}

impl Condition {
    /// Whether it holds of a value that is no list.
    fn holds(&self, value: &Value) -> bool {
        match self {
            Self::Is(test) => test.passes(value),
            Self::IsNot(tests) => !value.is_object() && !tests.iter().any(|test| test.passes(value)),
            Self::Exists(wanted) => *wanted,
        }
    }
}

/// Whether `test` holds of a value, or of any in a list or in lists within it.
fn any(value: &Value, budget: &mut Budget, test: &mut impl FnMut(&Value, &mut Budget) -> bool) -> bool {
    match value {
        Value::Array(list) => list.iter().any(|one| any(one, budget, test)),
        one => budget.spend() && test(one, budget),
    }
}
