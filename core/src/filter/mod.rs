//! Filters: which messages a subscription wants, as a filter policy of Amazon SNS.
//!
//! A policy is read once into a compiled form and evaluated against a message's attributes or its JSON body. The rules
//! are those of the Amazon SNS Developer Guide ("Subscription filter policies"); where the guide leaves a case open,
//! the stricter reading is refused when the policy is read, so that nobody waits for messages that can never match.
//!
//! Evaluation takes time in proportion to the message: patterns never go back, and of a message with very long lists only
//! the first [`MAX_VALUES`] values are looked at.

mod condition;
mod filters;
mod limits;
mod matcher;
mod measure;
mod numeric;
mod place;
mod policy;
mod read;

mod wildcard;

#[cfg(test)]
mod reference;
#[cfg(test)]
mod tests;

pub use filters::{Filter, Scope};
pub use limits::{Limits, MAX_DEPTH, MAX_VALUES, MAX_WILDCARDS};
