//! Devices: `check_device` asks the driver about one, and by `device.get` the driver asks the host for one.

use std::sync::Arc;

use nuncio_core::{
    Refusal, abi,
    wire::{Device, DeviceAnswer, DeviceCall},
};
use serde_json::json;
use tokio::{runtime::Handle, sync::Semaphore};

use super::{
    calls::TIME_LIMIT,
    methods::{LONGEST_WHY, json},
    running::Instance,
};
use crate::text;

/// The most devices that are looked up at once for one driver; beyond it a call is `BUSY`.
const MOST: usize = 4096;

/// Where devices are looked up: the call returns before the store answers.
#[derive(Debug)]
pub(super) struct Lookups {
    /// None where the driver was made outside a runtime: there is no store behind such a host.
    runtime: Option<Handle>,
    room: Arc<Semaphore>,
}

impl Lookups {
    /// On the runtime that the driver is made in.
    pub(super) fn here() -> Self {
        Self { runtime: Handle::try_current().ok(), room: Arc::new(Semaphore::new(MOST)) }
    }
}

impl Instance {
    /// # Errors
    /// The driver's refusal, or why it did not answer.
    pub(crate) async fn check_device(self: &Arc<Self>, device: Device) -> Result<Device, Refusal> {
        let answered = self.ask("check_device", json(&device), Vec::new()).await?;
        self.result("check_device", &answered)
    }

    /// Looks the device up and answers the call `token` with it.
    pub(super) fn device(self: &Arc<Self>, token: u64, asked: &[u8]) -> abi::Status {
        let Ok(asked) = serde_json::from_slice::<DeviceCall>(asked) else { return abi::INVALID };
        let Some(runtime) = &self.lookups.runtime else { return abi::FAILED };
        let Ok(permit) = Arc::clone(&self.lookups.room).try_acquire_owned() else { return abi::BUSY };
        let instance = Arc::clone(self);
        runtime.spawn(async move {
            let found = tokio::time::timeout(TIME_LIMIT, instance.host.device(asked)).await;
            let late = |_| Err(format!("the host did not find it out within {} s", TIME_LIMIT.as_secs()));
            let (status, answer) = match found.unwrap_or_else(late) {
                Ok(device) => (abi::OK, json(&DeviceAnswer::of(device))),
                Err(why) => {
                    (abi::FAILED, json(&json!({ "why": text::clean(&why, false, LONGEST_WHY, &[]) })))
                }
            };
            if let Some((table, _inside)) = instance.enter() {
                // SAFETY: whoever is inside keeps the driver from being destroyed.
                unsafe { table.reply(token, status, &answer) };
            }
            drop(permit);
        });
        abi::OK
    }
}
