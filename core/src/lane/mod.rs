//! What a subscription may ask of its lane: a rate, a number at once, an order.

mod order;
mod rate;
mod rules;

pub use order::{OnDead, Order};
pub use rate::Rate;
pub use rules::LaneRules;
