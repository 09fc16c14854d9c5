//! What a driver may ask of this host beside deliveries.

use std::sync::Arc;

use async_trait::async_trait;
use nuncio_core::{
    HostCalls, NoToken, Token, TokenCall,
    wire::{Device, DeviceCall, Metric, Receipt},
};

use super::{
    behind::{Behind, name},
    figures::Figures,
};
use crate::access::Trusts;

/// The longest word of a driver that stands in a log line, characters.
const MAX_WORD: usize = 200;

/// Takes the figures and receipts of one driver, and gives it its devices.
#[derive(Clone, Debug)]
pub struct Calls {
    driver: String,
    figures: Arc<Figures>,
    behind: Arc<Behind>,
    trusts: Option<Arc<Trusts>>,
}

impl Calls {
    /// Those of the driver called `driver`.
    #[must_use]
    pub const fn new(driver: String, figures: Arc<Figures>, behind: Arc<Behind>) -> Self {
        Self { driver, figures, behind, trusts: None }
    }

    /// With who gives tokens by trusts.
    #[must_use]
    pub fn with_trusts(mut self, trusts: Option<Arc<Trusts>>) -> Self {
        self.trusts = trusts;
        self
    }
}

#[async_trait]
impl HostCalls for Calls {
    fn metric(&self, metric: Metric) {
        if let Err(why) = self.figures.count(&self.driver, &metric) {
            tracing::debug!(driver = self.driver, name = word(&metric.name), why, "a figure is not counted");
        }
    }

    fn receipt(&self, receipt: Receipt) {
        self.behind.tell(&self.driver, receipt);
    }

    async fn device(&self, call: DeviceCall) -> Result<Option<Device>, String> {
        self.behind.device(&self.driver, &call).await
    }

    async fn token(&self, call: TokenCall) -> Result<Token, NoToken> {
        match &self.trusts {
            Some(trusts) => trusts.token(&call).await,
            None => Err(NoToken::Refused(
                "there is no token to send: this host does not ask Keystone (auth.strategy)".to_owned(),
            )),
        }
    }
}

/// Counts a receipt of `driver`, and says that it came.
pub(super) fn count(driver: &str, receipt: &Receipt) {
    let outcome = name(receipt.outcome);
    metrics::counter!("nuncio_receipts_total", "driver" => driver.to_owned(), "outcome" => outcome)
        .increment(1);
    tracing::debug!(
        driver,
        delivery = word(&receipt.delivery),
        provider_id = word(&receipt.provider_id),
        outcome,
        code = receipt.code,
        reason = word(&receipt.reason),
        "a receipt came"
    );
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
