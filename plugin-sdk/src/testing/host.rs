//! A host for drivers under test: it knows devices and writes down what it is told and asked.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;
use nuncio_core::{
    Clock, Driver, HostCalls, SettingsError,
    wire::{Device, DeviceCall, Metric, Receipt},
};
use serde_json::Value;

use super::{
    clock::{Stopped, System},
    made::{context, registered},
};

/// A host that a test makes drivers in: with devices, with a clock that stands, and with a memory of what it was told.
/// Clones are the same host.
#[derive(Clone, Debug, Default)]
pub struct Host {
    now_ms: Option<i64>,
    heard: Arc<Mutex<Heard>>,
}

#[derive(Debug, Default)]
struct Heard {
    devices: BTreeMap<String, Device>,
    fails: Option<String>,
    asked: Vec<DeviceCall>,
    receipts: Vec<Receipt>,
    metrics: Vec<Metric>,
}

impl Host {
    /// A host that knows no device.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Whose clock stands at `now_ms` (Unix time in milliseconds).
    #[must_use]
    pub const fn at(mut self, now_ms: i64) -> Self {
        self.now_ms = Some(now_ms);
        self
    }

    /// With a device, in every project.
    #[must_use]
    pub fn device(self, device: Device) -> Self {
        self.register(device);
        self
    }

    /// Registers a device, or one of the same id anew.
    pub fn register(&self, device: Device) {
        self.heard().devices.insert(device.id.clone(), device);
    }

    /// Takes the device `id` away.
    pub fn remove(&self, id: &str) {
        self.heard().devices.remove(id);
    }

    /// From now on it cannot say whether there is a device, because of `why`; `None`: it can again.
    pub fn fails(&self, why: Option<&str>) {
        self.heard().fails = why.map(str::to_owned);
    }

    /// Which devices it was asked for, in order.
    #[must_use]
    pub fn asked(&self) -> Vec<DeviceCall> {
        self.heard().asked.clone()
    }

    /// The receipts that it was told, in order.
    #[must_use]
    pub fn receipts(&self) -> Vec<Receipt> {
        self.heard().receipts.clone()
    }

    /// The figures that it was told, in order.
    #[must_use]
    pub fn metrics(&self) -> Vec<Metric> {
        self.heard().metrics.clone()
    }

    /// Makes the linked driver `name` in it, as [`made`](super::made) does.
    ///
    /// # Errors
    /// What the driver refuses; a driver or a network that is not there.
    pub fn make(
        &self,
        name: &str,
        settings: Value,
        networks: &[&str],
    ) -> Result<Arc<dyn Driver>, SettingsError> {
        match self.now_ms {
            Some(now_ms) => self.make_by(Arc::new(Stopped(now_ms)), name, settings, networks),
            None => self.make_by(Arc::new(System), name, settings, networks),
        }
    }

    /// As [`make`](Self::make), by a clock that the test moves.
    ///
    /// # Errors
    /// As [`make`](Self::make).
    pub fn make_by(
        &self,
        clock: Arc<dyn Clock>,
        name: &str,
        settings: Value,
        networks: &[&str],
    ) -> Result<Arc<dyn Driver>, SettingsError> {
        let context = context(clock, networks)?.with_host(Arc::new(self.clone()));
        (registered(name)?.create)(settings, &context)
    }

    fn heard(&self) -> MutexGuard<'_, Heard> {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl HostCalls for Host {
    fn metric(&self, metric: Metric) {
        self.heard().metrics.push(metric);
    }

    fn receipt(&self, receipt: Receipt) {
        self.heard().receipts.push(receipt);
    }

    async fn device(&self, call: DeviceCall) -> Result<Option<Device>, String> {
        let mut heard = self.heard();
        let found = heard.devices.get(&call.device).cloned();
        heard.asked.push(call);
        heard.fails.clone().map_or(Ok(found), Err)
    }
}
