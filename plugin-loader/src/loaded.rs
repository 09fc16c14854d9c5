//! A driver of a library, as the host sees it.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Duration,
};

use nuncio_core::{
    Batch, Checked, Driver, Manifest, Notice, Options, Outcomes, Refusal, SubscriberUri,
    wire::{Answer, Device, Inbound},
};

use crate::{
    flight::Standing,
    instance::{Instance, end, end_within},
};

/// A driver of a library, made with its settings.
///
/// Deliveries are copied into one of a fixed number of slots; while the driver holds all of them, others wait. A
/// delivery whose future is dropped is cancelled, and keeps its slot until the driver has completed it. Dropped without
/// [`shutdown`](Driver::shutdown), the driver is shut down in the background.
#[derive(Debug)]
pub struct Loaded {
    instance: Arc<Instance>,
    has_ended: AtomicBool,
}

impl Loaded {
    pub(crate) const fn new(instance: Arc<Instance>) -> Self {
        Self { instance, has_ended: AtomicBool::new(false) }
    }

    /// What the driver says of itself.
    #[must_use]
    pub fn manifest(&self) -> &Manifest {
        &self.instance.manifest
    }

    /// What the driver holds at the moment.
    #[must_use]
    pub fn standing(&self) -> Standing {
        self.instance.slots.standing()
    }
}

#[async_trait::async_trait]
impl Driver for Loaded {
    async fn deliver(&self, notice: &Notice<'_>) -> Outcomes {
        self.instance.deliver(notice).await
    }

    async fn deliver_batch(&self, batch: &Batch<'_>) {
        self.instance.deliver_batch(batch).await;
    }

    async fn check(&self, uri: &SubscriberUri, options: &Options) -> Result<Checked, Refusal> {
        if self.manifest().has("check") {
            return self.instance.check(uri, options).await;
        }
        Ok(Checked::of(uri))
    }

    fn disabled(&self) -> Option<String> {
        self.instance.disabled()
    }

    async fn render(&self, notice: &Notice<'_>) -> Result<String, Refusal> {
        if self.manifest().has("render") {
            return self.instance.render(notice).await;
        }
        Ok(format!("{}\n\n{}", notice.content.subject, notice.content.text))
    }

    async fn receive(&self, request: &Inbound, body: &[u8]) -> Result<Answer, Refusal> {
        if self.manifest().has("receive") {
            return self.instance.receive(request, body).await;
        }
        Err(Refusal::new("inbound", "this driver takes no inbound requests"))
    }

    async fn check_device(&self, device: Device) -> Result<Device, Refusal> {
        if self.manifest().has("check_device") {
            return self.instance.check_device(device).await;
        }
        Ok(device)
    }

    async fn shutdown(&self, grace: Duration) {
        if !self.has_ended.swap(true, Relaxed) {
            end_within(&self.instance, grace).await;
        }
    }
}

impl Drop for Loaded {
    fn drop(&mut self) {
        if !self.has_ended.swap(true, Relaxed) {
            drop(end(&self.instance, Duration::ZERO));
        }
    }
}
