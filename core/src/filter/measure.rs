//! What a policy costs, by the rules of Amazon SNS ("Filter policy constraints").

use std::collections::BTreeSet;

use super::{
    condition::Condition,
    limits::Limits,
    policy::{Clause, Policy, Rule},
};
use crate::Refusal;

/// Refuses a policy that is beyond a limit.
pub(super) fn check(policy: &Policy, limits: Limits) -> Result<(), Refusal> {
    let mut keys = BTreeSet::new();
    gather(policy, &mut Vec::new(), &mut keys);
    if keys.len() > limits.keys {
        let why = format!("has conditions on {} keys, and the most is {}", keys.len(), limits.keys);
        return Err(Refusal::new("", why).fix("name fewer keys (queues.max_filter_keys)"));
    }
    let combinations = combinations(policy, 1);
    if combinations > limits.combinations {
        let why =
            format!("has {combinations} combinations of values, and the most is {}", limits.combinations);
        return Err(Refusal::new("", why)
            .fix("name fewer values, or subscribe more than once (queues.max_filter_combinations)"));
    }
    Ok(())
}

/// The keys that have conditions, each by its path: a key of several alternatives counts once.
fn gather<'p>(policy: &'p Policy, path: &mut Vec<&'p str>, keys: &mut BTreeSet<Vec<&'p str>>) {
    for clause in &policy.0 {
        match clause {
            Clause::Or(policies) => policies.iter().for_each(|policy| gather(policy, path, keys)),
            Clause::Key(name, rule) => {
                path.push(name);
                match rule {
                    Rule::Any(_) => drop(keys.insert(path.clone())),
                    Rule::Members(policy) => gather(policy, path, keys),
                }
                path.pop();
            }
        }
    }
}

/// The values of each key times its depth, multiplied over all keys; alternatives are added up.
fn combinations(policy: &Policy, depth: u64) -> u64 {
    policy.0.iter().fold(1, |product, clause| {
        product.saturating_mul(match clause {
            Clause::Or(policies) => {
                policies.iter().fold(0, |sum: u64, policy| sum.saturating_add(combinations(policy, depth)))
            }
            Clause::Key(_, Rule::Any(conditions)) => {
                conditions.iter().map(values).sum::<u64>().saturating_mul(depth)
            }
            Clause::Key(_, Rule::Members(policy)) => combinations(policy, depth + 1),
        })
    })
}

fn values(condition: &Condition) -> u64 {
    match condition {
        Condition::IsNot(tests) => tests.len() as u64,
        Condition::Is(_) | Condition::Exists(_) => 1,
    }
}
