//! What stands behind drivers: the store and who serves what, known once the host has opened them.

use std::{
    fmt,
    sync::{Arc, OnceLock},
};

use async_trait::async_trait;
use nuncio_core::{
    Clock, DeliveryKey, Outcome, Public, PublicIds, Switchboard,
    wire::{Device, DeviceCall, Receipt},
};
use tokio::sync::mpsc;

use crate::storage::{DeviceRow, ReceiptWord, Store, StoreError};

/// Receipts of drivers on their way to the store: what comes while so many wait is lost, which is counted.
const WAITING: usize = 10_000;
/// The most receipts that one commit is asked to take.
const TOGETHER: usize = 500;
/// The longest word of the far side that is kept, bytes.
const LONGEST_REASON: usize = 1024;
/// The longest id of the far side that is kept, bytes.
const LONGEST_ID: usize = 512;

/// Where devices are found.
#[async_trait]
pub trait Devices: Send + Sync {
    /// A device of a project, ended or not.
    ///
    /// # Errors
    /// Why nobody can say.
    async fn find(&self, project: &str, id: &str) -> Result<Option<DeviceRow>, String>;
}

#[async_trait]
impl Devices for Arc<dyn Store> {
    async fn find(&self, project: &str, id: &str) -> Result<Option<DeviceRow>, String> {
        self.device(project, id).await.map_err(|error| error.to_string())
    }
}

/// What stands behind drivers. Nothing does before it is opened.
#[derive(Default)]
pub struct Behind {
    devices: OnceLock<(Box<dyn Devices>, Switchboard)>,
    receipts: OnceLock<Receipts>,
}

impl fmt::Debug for Behind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Behind")
    }
}

/// Where receipts go.
struct Receipts {
    store: Arc<dyn Store>,
    ids: PublicIds,
    clock: Arc<dyn Clock>,
    told: mpsc::Sender<(String, Receipt)>,
}

impl Behind {
    /// Devices are found in `devices`; a driver is given those of the schemes that it serves by `board`.
    pub fn lend(&self, devices: impl Devices + 'static, board: Switchboard) {
        // Opened once, by whoever puts the host together.
        self.devices.set((Box::new(devices), board)).ok();
    }

    /// Takes receipts from now on, and writes down what drivers tell.
    pub fn open(self: &Arc<Self>, store: Arc<dyn Store>, ids: PublicIds, clock: Arc<dyn Clock>) {
        let (told, waiting) = mpsc::channel(WAITING);
        let receipts = Receipts { store, ids, clock, told };
        if self.receipts.set(receipts).is_ok() {
            tokio::spawn(write(Arc::downgrade(self), waiting));
        }
    }

    /// The device that `driver` asks for, if it is there and the driver's.
    ///
    /// # Errors
    /// Why nobody can say.
    pub(super) async fn device(&self, driver: &str, call: &DeviceCall) -> Result<Option<Device>, String> {
        let Some((devices, board)) = self.devices.get() else {
            return Err("no devices are kept here".to_owned());
        };
        if !Device::is_id(&call.device) {
            return Ok(None);
        }
        let row = devices.find(&call.project, &call.device).await?;
        let serves =
            |scheme: &str| board.now().by_scheme(scheme).is_some_and(|one| one.manifest.name == driver);
        Ok(row.filter(|row| row.ended.is_none() && serves(&row.device.scheme)).map(|row| row.device))
    }

    /// Takes a receipt that `driver` tells by itself; it is on stable storage a moment later.
    pub(super) fn tell(&self, driver: &str, receipt: Receipt) {
        let told = self.receipts.get().map(|receipts| receipts.told.try_send((driver.to_owned(), receipt)));
        if !matches!(told, Some(Ok(()))) {
            metrics::counter!("nuncio_receipts_lost_total", "driver" => driver.to_owned()).increment(1);
        }
    }

    /// Takes receipts of `driver`; they are on stable storage when this returns.
    ///
    /// # Errors
    /// When the store cannot take them.
    pub async fn take(&self, driver: &str, receipts: Vec<Receipt>) -> Result<(), StoreError> {
        let Some(behind) = self.receipts.get() else { return Ok(()) };
        let words: Vec<_> = receipts.into_iter().filter_map(|one| behind.word(driver, one)).collect();
        if words.is_empty() {
            return Ok(());
        }
        behind.store.receipts(driver, words).await
    }
}

impl Receipts {
    /// A receipt as it is stored; none where it names nothing.
    fn word(&self, driver: &str, receipt: Receipt) -> Option<ReceiptWord> {
        super::calls::count(driver, &receipt);
        let Receipt { delivery, provider_id, outcome, code, reason, at_ms, .. } = receipt;
        let provider_id = provider_id.trim();
        let delivery = self.delivery(&delivery);
        if provider_id.len() > LONGEST_ID || (provider_id.is_empty() && delivery.is_none()) {
            return None;
        }
        let reason: String = reason.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        let reason = reason.get(..reason.floor_char_boundary(LONGEST_REASON)).unwrap_or_default().to_owned();
        let at = if at_ms > 0 { at_ms } else { self.clock.now_ms() };
        Some(ReceiptWord { delivery, provider_id: provider_id.to_owned(), outcome, code, reason, at })
    }

    fn delivery(&self, id: &str) -> Option<DeliveryKey> {
        match self.ids.parse(id) {
            Some(Public::Delivery(key)) => Some(key),
            _ => None,
        }
    }
}

/// Writes down what drivers tell, what is there together, until the host ends.
async fn write(behind: std::sync::Weak<Behind>, mut waiting: mpsc::Receiver<(String, Receipt)>) {
    let mut told = Vec::with_capacity(TOGETHER);
    while waiting.recv_many(&mut told, TOGETHER).await > 0 {
        let Some(behind) = behind.upgrade() else { return };
        while !told.is_empty() {
            let driver = told.first().map(|(driver, _)| driver.clone()).unwrap_or_default();
            let of: Vec<_> =
                told.extract_if(.., |(one, _)| *one == driver).map(|(_, receipt)| receipt).collect();
            let count = of.len() as u64;
            if let Err(error) = behind.take(&driver, of).await {
                tracing::error!(driver, %error, receipts = count, "receipts are lost: they could not be written");
                metrics::counter!("nuncio_receipts_lost_total", "driver" => driver).increment(count);
            }
        }
    }
}

/// Its name in figures.
pub(super) const fn name(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Delivered => "delivered",
        Outcome::Deferred => "deferred",
        Outcome::Rejected => "rejected",
        Outcome::Gone => "gone",
    }
}
