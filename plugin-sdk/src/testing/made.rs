//! A driver as a host makes it.

use std::{sync::Arc, time::Duration};

use nuncio_core::{Clock, Context, Driver, Linked, Refusal, SettingsError, inventory, net::Policy};
use serde_json::Value;

use super::clock::{Stopped, System};

/// The default total time of one attempt, as a host without configuration has it.
const DEADLINE: Duration = Duration::from_secs(30);

/// Makes the linked driver `name` with `settings`, in a host that may reach `networks` (`127.0.0.0/8`) besides public
/// addresses; one that knows devices is a [`Host`](super::Host). The test needs `use my_driver as _;`, or the linker drops the driver.
///
/// # Errors
/// What the driver refuses; a driver or a network that is not there.
pub fn made(name: &str, settings: Value, networks: &[&str]) -> Result<Arc<dyn Driver>, SettingsError> {
    (registered(name)?.create)(settings, &context(Arc::new(System), networks)?)
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
    (registered(name)?.create)(settings, &context(Arc::new(Stopped(now_ms)), networks)?)
}

pub(super) fn context(clock: Arc<dyn Clock>, networks: &[&str]) -> Result<Context, SettingsError> {
    let networks: Vec<_> = networks.iter().map(ToString::to_string).collect();
    let policy = Policy::new(&networks, &[]).map_err(|error| Refusal::new("networks", error.to_string()))?;
    Ok(Context::new(clock, Arc::new(policy), DEADLINE))
}

/// The linked driver `name`, or that it is not there.
pub(super) fn registered(name: &str) -> Result<&'static Linked, SettingsError> {
    Ok(linked(name).ok_or_else(|| Refusal::new("", missing(name)))?)
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
