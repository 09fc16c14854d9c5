//! A driver as a host makes it.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use nuncio_core::{
    Clock, Context, Driver, HostCalls, Linked, Refusal, SettingsError, inventory,
    net::Policy,
    wire::{Device, DeviceCall, Metric, Receipt},
};
use serde_json::Value;

use super::clock::{Stopped, System};

/// The default total time of one attempt, as a host without configuration has it.
const DEADLINE: Duration = Duration::from_secs(30);

/// A host that has these devices, in every project, and takes nothing.
#[derive(Clone, Debug, Default)]
pub struct Keeps(pub Vec<Device>);

#[async_trait]
impl HostCalls for Keeps {
    fn metric(&self, _: Metric) {}

    fn receipt(&self, _: Receipt) {}

    async fn device(&self, call: DeviceCall) -> Result<Option<Device>, String> {
        Ok(self.0.iter().find(|device| device.id == call.device).cloned())
    }
}

/// As [`made`], in a host with this `clock` that has `devices`.
///
/// # Errors
/// As [`made`].
pub fn made_with(
    clock: Arc<dyn Clock>,
    name: &str,
    settings: Value,
    networks: &[&str],
    devices: Vec<Device>,
) -> Result<Arc<dyn Driver>, SettingsError> {
    let found = linked(name).ok_or_else(|| Refusal::new("", missing(name)))?;
    (found.create)(settings, &context(clock, networks)?.with_host(Arc::new(Keeps(devices))))
}

/// Makes the linked driver `name` with `settings`, in a host that may reach `networks` (`127.0.0.0/8`) besides public
/// addresses. The test needs `use my_driver as _;`, or the linker drops the driver.
///
/// # Errors
/// What the driver refuses; a driver or a network that is not there.
pub fn made(name: &str, settings: Value, networks: &[&str]) -> Result<Arc<dyn Driver>, SettingsError> {
    let found = linked(name).ok_or_else(|| Refusal::new("", missing(name)))?;
    (found.create)(settings, &context(Arc::new(System), networks)?)
}

/// As [`made`], in a host whose clock stands at `now_ms` (Unix time in milliseconds).
///
/// # Errors
/// As [`made`].
pub fn made_at(
    now_ms: i64,
    name: &str,
    settings: Value,
    networks: &[&str],
) -> Result<Arc<dyn Driver>, SettingsError> {
    let found = linked(name).ok_or_else(|| Refusal::new("", missing(name)))?;
    (found.create)(settings, &context(Arc::new(Stopped(now_ms)), networks)?)
}

pub(super) fn context(clock: Arc<dyn Clock>, networks: &[&str]) -> Result<Context, SettingsError> {
    let networks: Vec<_> = networks.iter().map(ToString::to_string).collect();
    let policy = Policy::new(&networks, &[]).map_err(|error| Refusal::new("networks", error.to_string()))?;
    Ok(Context::new(clock, Arc::new(policy), DEADLINE))
}

pub(super) fn linked(name: &str) -> Option<&'static Linked> {
    inventory::iter::<Linked>.into_iter().find(|one| (one.manifest)().name == name)
}

pub(super) fn missing(name: &str) -> String {
    let mut there: Vec<_> = inventory::iter::<Linked>.into_iter().map(|one| (one.manifest)().name).collect();
    there.sort();
    let there = if there.is_empty() { "none".to_owned() } else { there.join(", ") };
    format!("no driver `{name}` is linked into this test (there is: {there})")
}
