//! What a driver may ask of this host beside deliveries.

use std::sync::Arc;

use nuncio_core::{
    HostCalls, Outcome,
    wire::{Metric, Receipt},
};

use super::figures::Figures;

/// The longest word of a driver that stands in a log line, characters.
const MAX_WORD: usize = 200;

/// Takes the figures and receipts of one driver.
#[derive(Clone, Debug)]
pub struct Calls {
    driver: String,
    figures: Arc<Figures>,
}

impl Calls {
    /// Those of the driver called `driver`.
    #[must_use]
    pub const fn new(driver: String, figures: Arc<Figures>) -> Self {
        Self { driver, figures }
    }
}

impl HostCalls for Calls {
    fn metric(&self, metric: Metric) {
        if let Err(why) = self.figures.count(&self.driver, &metric) {
            tracing::debug!(driver = self.driver, name = word(&metric.name), why, "a figure is not counted");
        }
    }

    fn receipt(&self, receipt: Receipt) {
        let outcome = match receipt.outcome {
            Outcome::Delivered => "delivered",
            Outcome::Deferred => "deferred",
            Outcome::Rejected => "rejected",
            Outcome::Gone => "gone",
        };
        metrics::counter!("nuncio_receipts_total", "driver" => self.driver.clone(), "outcome" => outcome)
            .increment(1);
        tracing::info!(
            driver = self.driver,
            delivery = word(&receipt.delivery),
            provider_id = word(&receipt.provider_id),
            outcome,
            code = receipt.code,
            reason = word(&receipt.reason),
            "a receipt came"
        );
    }
}

/// The beginning of a foreign text, on one line.
fn word(text: &str) -> String {
    text.chars().take(MAX_WORD).map(|c| if c.is_control() { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_foreign_word_is_one_short_line() {
        assert_eq!(word("a\nb\u{1b}[0m"), "a b [0m");
        assert_eq!(word(&"é".repeat(1000)).chars().count(), MAX_WORD);
    }
}
