//! The import list: a driver is in this host because its line stands here. Nothing else in the host names a driver.
//!
//! A Cargo dependency without its line is silently dropped by the linker.

#[cfg(feature = "driver-http")]
use nuncio_driver_http as _;
#[cfg(feature = "driver-log")]
use nuncio_driver_log as _;
#[cfg(feature = "driver-mailto")]
use nuncio_driver_mailto as _;

use std::sync::Arc;

use nuncio_core::{
    Clock, Context, Refusal, Registry, SettingsError,
    net::Policy,
    registry::{RegistryError, linked_manifests},
};

use crate::config::Config;

/// Makes every linked driver with its part of the configuration.
///
/// # Errors
/// A section without a driver, a scheme that two drivers claim, or settings that a driver refuses.
pub fn registry(config: &Config, clock: Arc<dyn Clock>) -> Result<Registry, RegistryError> {
    let known: Vec<String> = linked_manifests().into_iter().map(|(manifest, _)| manifest.name).collect();
    if let Some(name) = config.drivers.keys().find(|name| !known.contains(name)) {
        let refusal = Refusal::new(format!("/drivers/{name}"), "no driver of this name is in this host").fix(
            format!("it has {}: remove the section, or build the host with that driver", known.join(", ")),
        );
        return Err(RegistryError::Settings { driver: name.clone(), error: SettingsError(vec![refusal]) });
    }
    let context = Context::new(clock, Arc::new(network(config)?), config.delivery.deadline);
    Registry::linked(|name| config.drivers.get(name).cloned().unwrap_or_default(), &context)
}

fn network(config: &Config) -> Result<Policy, RegistryError> {
    let delivery = &config.delivery;
    Policy::new(&delivery.allow_networks, &delivery.allow_hosts).map_err(|error| {
        let refusal = Refusal::new("/delivery/allow_networks", error.to_string());
        RegistryError::Settings { driver: "*".to_owned(), error: SettingsError(vec![refusal]) }
    })
}
