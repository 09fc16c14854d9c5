//! `[rates]`: how many attempts may begin in a while to one destination of a driver.

use std::collections::BTreeMap;

use nuncio_core::Rate;

use super::{
    node::{Node, Raw},
    place::{Place, Problem},
    unknown::not_a_table,
};

/// The rate of a driver's destinations.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DriverRate {
    /// The rate.
    pub rate: Rate,
    /// Where that stands.
    pub place: Place,
}

/// Reads the section; what is wrong goes to `problems`.
pub(super) fn rates(section: Option<Node>, problems: &mut Vec<Problem>) -> BTreeMap<String, DriverRate> {
    let Some(section) = section else { return BTreeMap::new() };
    let Raw::Table(table) = section.raw else {
        problems.push(not_a_table("rates", &section));
        return BTreeMap::new();
    };
    let mut rates = BTreeMap::new();
    for (driver, node) in table {
        let read = match &node.raw {
            Raw::Text(text) => Rate::parse(text).map_err(|refusal| (refusal.why, refusal.fix)),
            _ => {
                Err((format!("{} does not fit here", node.noun()), "write a rate, like \"10/s\"".to_owned()))
            }
        };
        match read {
            Ok(rate) => drop(rates.insert(driver, DriverRate { rate, place: node.place })),
            Err((why, fix)) => {
                problems.push(Problem::new(node.place, &format!("rates.{driver}"), why).fix(fix));
            }
        }
    }
    rates
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::config::Config;

    fn load(text: &str) -> Result<Config, String> {
        Config::parse(Some((Path::new("n.toml"), text)), BTreeMap::new()).map_err(|error| error.to_string())
    }

    #[test]
    fn a_driver_has_a_rate() {
        let config = load("[rates]\nmailto = \"10/s\"").unwrap();
        assert_eq!(config.rates["mailto"].rate, Rate::parse("10/s").unwrap());
    }

    #[test]
    fn a_variable_sets_one() {
        let env = BTreeMap::from([("NUNCIO_RATES__MAILTO".to_owned(), "5/h".to_owned())]);
        let config = Config::parse(None, env).map_err(|error| error.to_string()).unwrap();
        assert_eq!(config.rates["mailto"].rate, Rate::parse("5/h").unwrap());
    }

    #[test]
    fn what_is_no_rate_has_its_place() {
        for (text, told) in [
            (
                "[rates]\nhttp = \"10\"",
                "n.toml:2:8: [rates] http: `10` is not a rate; write a number and a unit",
            ),
            ("[rates]\nhttp = 10", "n.toml:2:8: [rates] http: a number does not fit here; write a rate"),
            ("rates = 1", "[rates]"),
        ] {
            let error = load(text).unwrap_err();
            assert!(error.contains(told), "{text}: {error}");
        }
    }
}
