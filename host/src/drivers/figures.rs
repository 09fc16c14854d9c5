//! What drivers count: bounded in number, checked in name.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};

use nuncio_core::wire::Metric;

/// The most names of figures over all drivers: each is a time series for whoever collects them.
const MAX_NAMES: usize = 256;
/// The most names of one driver.
const MAX_NAMES_OF_ONE: usize = 64;
/// The longest name, characters.
const MAX_NAME: usize = 64;

/// The figures of all drivers. Lives as long as the host: an instance that follows another counts on.
#[derive(Debug, Default)]
pub struct Figures(Mutex<Known>);

#[derive(Debug, Default)]
struct Known {
    /// Whether a name is a gauge: one name cannot be both.
    gauges: BTreeMap<String, bool>,
    /// What was counted so far, by driver and name: drivers count fractions, what collects them whole numbers.
    totals: BTreeMap<(String, String), f64>,
}

impl Figures {
    /// Counts a figure of `driver`, shown as `nuncio_driver_{name}`.
    ///
    /// # Errors
    /// Why it is not counted: its name, its value, or too many names.
    pub fn count(&self, driver: &str, metric: &Metric) -> Result<(), &'static str> {
        let value = metric.value;
        if !is_name(&metric.name) {
            return Err("a name has 1 to 64 lower-case letters, digits and `_`, and begins with a letter");
        }
        if !value.is_finite() || (!metric.gauge && value < 0.0) {
            return Err("a counter only grows, and no figure is infinite");
        }
        let total = self.note(driver, metric)?;
        let name = format!("nuncio_driver_{}", metric.name);
        if metric.gauge {
            metrics::gauge!(name, "driver" => driver.to_owned()).set(value);
        } else {
            metrics::counter!(name, "driver" => driver.to_owned()).absolute(total as u64);
        }
        Ok(())
    }

    fn note(&self, driver: &str, metric: &Metric) -> Result<f64, &'static str> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (driver.to_owned(), metric.name.clone());
        if !known.totals.contains_key(&key)
            && known.totals.keys().filter(|(of, _)| of == driver).count() >= MAX_NAMES_OF_ONE
        {
            return Err("the driver has 64 names already");
        }
        match known.gauges.get(&metric.name) {
            Some(gauge) if *gauge != metric.gauge => return Err("the name is of another kind already"),
            None if known.gauges.len() >= MAX_NAMES => return Err("the drivers have 256 names already"),
            _ => {}
        }
        known.gauges.insert(metric.name.clone(), metric.gauge);
        let total = known.totals.entry(key).or_insert(0.0);
        *total += metric.value;
        Ok(*total)
    }
}

fn is_name(name: &str) -> bool {
    name.len() <= MAX_NAME
        && name.starts_with(|first: char| first.is_ascii_lowercase())
        && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_values_and_kinds_are_checked() {
        let figures = Figures::default();
        for name in ["", "Parts", "a-b", "1st", "é", &"x".repeat(65)] {
            assert!(figures.count("a", &Metric::counter(name, 1.0)).is_err(), "{name}");
        }
        for value in [-1.0, f64::NAN, f64::INFINITY] {
            assert!(figures.count("a", &Metric::counter("parts", value)).is_err(), "{value}");
        }
        assert_eq!(figures.count("a", &Metric::gauge("balance", -1.5)), Ok(()));
        assert!(figures.count("b", &Metric::counter("balance", 1.0)).unwrap_err().contains("another kind"));
    }

    #[test]
    fn the_number_of_names_is_bounded_for_one_and_for_all() {
        let figures = Figures::default();
        let count =
            |driver: &str, n: usize| figures.count(driver, &Metric::counter(format!("{driver}_{n}"), 1.0));
        for driver in ["a", "b", "c", "d"] {
            assert!((0..MAX_NAMES_OF_ONE).all(|n| count(driver, n).is_ok()));
            assert!(count(driver, MAX_NAMES_OF_ONE).unwrap_err().contains("64"));
            assert!(count(driver, 0).is_ok(), "one that is known still counts");
        }
        assert!(count("e", 0).unwrap_err().contains("256"));
    }

    #[test]
    fn fractions_add_up() {
        let figures = Figures::default();
        let totals: Vec<_> =
            (0..3).map(|_| figures.note("a", &Metric::counter("cost", 0.5)).unwrap()).collect();
        assert_eq!(totals, [0.5, 1.0, 1.5]);
    }
}
