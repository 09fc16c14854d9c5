//! What the host gives a driver for its life.

use std::{fmt, sync::Arc, time::Duration};

use async_trait::async_trait;

use crate::{
    Clock,
    net::Policy,
    token::{NoToken, Token, TokenCall},
    wire::{Device, DeviceCall, Metric, Receipt},
};

/// What a driver may ask of its host beside deliveries.
#[async_trait]
pub trait HostCalls: Send + Sync {
    /// Counts a figure.
    fn metric(&self, metric: Metric);
    /// Takes the far side's later word on a delivery.
    fn receipt(&self, receipt: Receipt);
    /// The device that is registered under this id, if it still is.
    ///
    /// # Errors
    /// Why the host cannot say: the delivery is to be deferred.
    async fn device(&self, call: DeviceCall) -> Result<Option<Device>, String> {
        let _: DeviceCall = call;
        Ok(None)
    }
    /// A token by which the driver acts in the name of whoever subscribed by a trust. It is for the far side alone.
    ///
    /// Only a driver that is linked into the host can ask.
    ///
    /// # Errors
    /// What the delivery comes to without one.
    async fn token(&self, call: TokenCall) -> Result<Token, NoToken> {
        let _: TokenCall = call;
        Err(NoToken::Refused("this host gives no tokens to drivers".to_owned()))
    }
}

/// A host that takes nothing: in tests, and where a driver is only looked at.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoCalls;

impl HostCalls for NoCalls {
    fn metric(&self, _: Metric) {}
    fn receipt(&self, _: Receipt) {}
}

/// What the host gives a driver for its life.
#[derive(Clone)]
#[non_exhaustive]
pub struct Context {
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Which addresses a subscriber URI may lead to. The SDK's connector applies it on the address it dials.
    pub network: Arc<Policy>,
    /// The default total time of one attempt.
    pub deadline: Duration,
    /// Which account of the driver this instance is; `default` where there is but one.
    pub account: String,
    /// The host.
    pub host: Arc<dyn HostCalls>,
}

impl Context {
    /// A context of the account `default` whose host takes nothing.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>, network: Arc<Policy>, deadline: Duration) -> Self {
        Self { clock, network, deadline, account: "default".to_owned(), host: Arc::new(NoCalls) }
    }

    /// With a host that takes figures and receipts.
    #[must_use]
    pub fn with_host(mut self, host: Arc<dyn HostCalls>) -> Self {
        self.host = host;
        self
    }
}

impl fmt::Debug for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Context")
            .field("network", &self.network)
            .field("account", &self.account)
            .finish_non_exhaustive()
    }
}
