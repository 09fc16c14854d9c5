//! The rules of a lane that belongs to one subscription.

use std::num::NonZeroU32;

use serde_json::{Map, Value, json};

use super::{order::Order, rate::Rate};
use crate::Refusal;

/// What a subscription asks of its lane. One that asks for anything has a lane of its own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LaneRules {
    /// The most attempts at once.
    pub max_in_flight: Option<NonZeroU32>,
    /// The most attempts in a time.
    pub rate: Option<Rate>,
    /// What must not overtake what.
    pub ordered: Option<Order>,
}

impl LaneRules {
    /// Reads the options `max_in_flight` (a whole number from 1), `rate` (a [`Rate`]) and `ordered` (an [`Order`]);
    /// others are left alone.
    ///
    /// # Errors
    /// A [`Refusal`] that points into `options`.
    pub fn parse(options: &Map<String, Value>) -> Result<Self, Refusal> {
        let at = |name: &'static str| {
            move |refusal: Refusal| Refusal { at: format!("/{name}{}", refusal.at), ..refusal }
        };
        let given = |name: &str| options.get(name).filter(|value| !value.is_null());
        Ok(Self {
            max_in_flight: given("max_in_flight").map(at_once).transpose().map_err(at("max_in_flight"))?,
            rate: given("rate").map(rate).transpose().map_err(at("rate"))?,
            ordered: given("ordered").map(Order::parse).transpose().map_err(at("ordered"))?.flatten(),
        })
    }

    /// Whether nothing is asked.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// The options that [`LaneRules::parse`] reads.
    #[must_use]
    pub fn to_json(&self) -> Map<String, Value> {
        let mut map = Map::new();
        if let Some(most) = self.max_in_flight {
            map.insert("max_in_flight".to_owned(), json!(most));
        }
        if let Some(rate) = self.rate {
            map.insert("rate".to_owned(), json!(rate.to_string()));
        }
        if let Some(order) = &self.ordered {
            map.insert("ordered".to_owned(), order.to_json());
        }
        map
    }
}

fn at_once(value: &Value) -> Result<NonZeroU32, Refusal> {
    value
        .as_u64()
        .and_then(|most| u32::try_from(most).ok())
        .and_then(NonZeroU32::new)
        .ok_or_else(|| Refusal::new("", "must be a whole number from 1 to 4294967295"))
}

fn rate(value: &Value) -> Result<Rate, Refusal> {
    let text = value.as_str().ok_or_else(|| Refusal::new("", "must be a rate, like \"10/s\""))?;
    Rate::parse(text)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parse(value: Value) -> Result<LaneRules, String> {
        let Value::Object(map) = value else { panic!("an object") };
        LaneRules::parse(&map).map_err(|refusal| refusal.to_string())
    }

    #[test]
    fn rules_are_read_from_options_and_written_back() {
        let written =
            json!({"max_in_flight": 4, "rate": "10/s", "ordered": {"key": "/a", "on_dead": "stop"}});
        assert_eq!(Value::Object(parse(written.clone()).unwrap().to_json()), written);
        let none = json!({"subject": "s", "rate": null, "ordered": false});
        assert!(parse(none).unwrap().is_empty());
    }

    #[test]
    fn what_is_wrong_is_named_with_its_place() {
        for (value, at) in [
            (json!({"max_in_flight": 0}), "/max_in_flight: must be a whole number from 1"),
            (json!({"max_in_flight": "4"}), "/max_in_flight: "),
            (json!({"rate": 10}), "/rate: must be a rate"),
            (json!({"rate": "10"}), "/rate: `10` is not a rate"),
            (json!({"ordered": {"on_dead": 1}}), "/ordered/on_dead: "),
        ] {
            let refusal = parse(value).unwrap_err();
            assert!(refusal.starts_with(at), "{refusal}");
        }
    }

    proptest! {
        #[test]
        fn rules_survive_being_stored(most in 0_u32..5, count in 1_u32..2_000, unit in "[smh]", stop: bool) {
            let on_dead = if stop { "stop" } else { "release" };
            let mut value = json!({"rate": format!("{count}/{unit}"), "ordered": {"on_dead": on_dead}});
            if most > 0 {
                value["max_in_flight"] = json!(most);
            }
            let rules = parse(value).unwrap();
            prop_assert_eq!(LaneRules::parse(&rules.to_json()).unwrap(), rules);
        }
    }
}
