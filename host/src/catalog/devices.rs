//! Subscribers that are devices: they must be registered before somebody leads to them.

use nuncio_core::{Refusal, SubscriberUri, wire::Device};

use super::queues::Catalog;

impl Catalog {
    /// Looks whether `uri`, where it names a device, names one of `project` that can be reached.
    ///
    /// # Errors
    /// What is missing, and how it is registered.
    pub(super) async fn registered(&self, project: &str, uri: &SubscriberUri) -> Result<(), Refusal> {
        let drivers = self.board.now();
        if !drivers.by_scheme(uri.scheme()).is_some_and(|entry| entry.manifest.devices) {
            return Ok(());
        }
        let Some(id) = Device::id_in(uri) else { return Ok(()) };
        let refused = |why: String| {
            let fix = format!("register it with PUT /v2/devices/{id}, or with `nuncio devices add {id}`");
            Refusal::new("subscriber: path", why).fix(fix)
        };
        match self.store.device(project, id).await {
            Ok(Some(row)) if row.device.scheme != uri.scheme() => {
                Err(refused(format!("the device `{id}` is one of `{}:`", row.device.scheme)))
            }
            Ok(Some(row)) => match row.ended {
                Some(ended) => Err(refused(format!("the device `{id}` has ended: {}", ended.why))),
                None => Ok(()),
            },
            Ok(None) => Err(refused(format!("no device `{id}` is registered in this project"))),
            Err(error) => Err(Refusal::new("subscriber", format!("the device cannot be looked up: {error}"))),
        }
    }
}
