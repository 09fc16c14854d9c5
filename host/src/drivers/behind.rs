//! What stands behind drivers: the store and who serves what, known once the host has opened them.

use std::{
    fmt,
    sync::{Arc, Mutex, OnceLock, PoisonError, Weak},
    time::Duration,
};

use async_trait::async_trait;
use nuncio_core::{
    Clock, DeliveryKey, Outcome, Public, PublicIds, Switchboard,
    wire::{Device, DeviceCall, Receipt},
};
use tokio::sync::mpsc;

use crate::storage::{DeviceRow, ReceiptWord, Store, StoreError};

/// Receipts of drivers on their way to the store, also before that is open: what comes while so many wait is lost, which is
/// counted.
const WAITING: usize = 10_000;
/// The most receipts that one commit is asked to take.
const TOGETHER: usize = 500;
/// When receipts are tried again that the store did not take: then, and twice as long each time up to `LONGEST_PAUSE`.
const PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);
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

/// Where receipts are written down.
#[async_trait]
pub trait Ledger: Send + Sync {
    /// Takes receipts of `driver`; they are on stable storage when this returns.
    ///
    /// # Errors
    /// When they cannot be taken: all or none are.
    async fn write(&self, driver: &str, words: Vec<ReceiptWord>) -> Result<(), StoreError>;
}

#[async_trait]
impl Ledger for Arc<dyn Store> {
    async fn write(&self, driver: &str, words: Vec<ReceiptWord>) -> Result<(), StoreError> {
        self.receipts(driver, words).await
    }
}

type Told = (String, Receipt);

/// What stands behind drivers. Nothing does before it is opened; receipts wait for that.
pub struct Behind {
    devices: OnceLock<(Box<dyn Devices>, Switchboard)>,
    receipts: OnceLock<Receipts>,
    told: mpsc::Sender<Told>,
    /// What drivers told, until somebody writes it down.
    waiting: Mutex<Option<mpsc::Receiver<Told>>>,
}

impl Default for Behind {
    fn default() -> Self {
        let (told, waiting) = mpsc::channel(WAITING);
        let (devices, receipts) = Default::default();
        Self { devices, receipts, told, waiting: Mutex::new(Some(waiting)) }
    }
}

impl fmt::Debug for Behind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Behind")
    }
}

/// Where receipts go.
struct Receipts {
    ledger: Box<dyn Ledger>,
    ids: PublicIds,
    clock: Arc<dyn Clock>,
}

impl Behind {
    /// Devices are found in `devices`; a driver is given those of the schemes that it serves by `board`.
    pub fn lend(&self, devices: impl Devices + 'static, board: Switchboard) {
        // Opened once, by whoever puts the host together.
        self.devices.set((Box::new(devices), board)).ok();
    }

    /// Takes receipts from now on, and writes down in `ledger` what drivers tell and have told.
    pub fn open(self: &Arc<Self>, ledger: impl Ledger + 'static, ids: PublicIds, clock: Arc<dyn Clock>) {
        // Opened once, as above.
        self.receipts.set(Receipts { ledger: Box::new(ledger), ids, clock }).ok();
        let waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(waiting) = waiting {
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
        if self.told.try_send((driver.to_owned(), receipt)).is_err() {
            lost(driver, 1);
        }
    }

    /// Takes receipts of `driver`; they are on stable storage when this returns.
    ///
    /// # Errors
    /// When the store cannot take them.
    pub async fn take(&self, driver: &str, receipts: Vec<Receipt>) -> Result<(), StoreError> {
        self.write(driver, &self.words(driver, receipts)).await
    }

    fn words(&self, driver: &str, receipts: Vec<Receipt>) -> Vec<ReceiptWord> {
        let Some(behind) = self.receipts.get() else { return Vec::new() };
        receipts.into_iter().filter_map(|one| behind.word(driver, one)).collect()
    }

    async fn write(&self, driver: &str, words: &[ReceiptWord]) -> Result<(), StoreError> {
        match self.receipts.get().filter(|_| !words.is_empty()) {
            Some(behind) => behind.ledger.write(driver, words.to_vec()).await,
            None => Ok(()),
        }
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
async fn write(behind: Weak<Behind>, mut waiting: mpsc::Receiver<Told>) {
    let mut told = Vec::with_capacity(TOGETHER);
    while waiting.recv_many(&mut told, TOGETHER).await > 0 {
        while !told.is_empty() {
            let driver = told.first().map(|(driver, _)| driver.clone()).unwrap_or_default();
            let of: Vec<_> =
                told.extract_if(.., |(one, _)| *one == driver).map(|(_, receipt)| receipt).collect();
            let Some(words) = behind.upgrade().map(|behind| behind.words(&driver, of)) else { return };
            persist(&behind, &driver, &words).await;
        }
    }
}

/// Writes receipts down, as often as it takes while the store may still take them; the rest waits meanwhile.
async fn persist(behind: &Weak<Behind>, driver: &str, words: &[ReceiptWord]) {
    let (mut pause, receipts) = (PAUSE, words.len());
    loop {
        let Some(open) = behind.upgrade() else { return lost(driver, receipts) };
        let Err(error) = open.write(driver, words).await else { return };
        // A host that ends does not wait for this.
        drop(open);
        if !passes(&error) {
            tracing::error!(driver, %error, receipts, "receipts are lost: they could not be written");
            return lost(driver, receipts);
        }
        if pause == PAUSE {
            tracing::warn!(driver, %error, receipts, "receipts wait: they could not be written yet");
        }
        tokio::time::sleep(pause).await;
        pause = LONGEST_PAUSE.min(pause * 2);
    }
}

/// Whether the same may succeed later.
const fn passes(error: &StoreError) -> bool {
    matches!(error, StoreError::Unavailable(_) | StoreError::NoSpace(_) | StoreError::Full { .. })
}

/// Counts receipts that nobody writes down.
fn lost(driver: &str, receipts: usize) {
    metrics::counter!("nuncio_receipts_lost_total", "driver" => driver.to_owned()).increment(receipts as u64);
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::System;

    /// A store that refuses at first, and says what it then took.
    struct Hindered {
        refusals: Mutex<Vec<StoreError>>,
        written: mpsc::Sender<(String, Vec<String>)>,
    }

    #[async_trait]
    impl Ledger for Hindered {
        async fn write(&self, driver: &str, words: Vec<ReceiptWord>) -> Result<(), StoreError> {
            if let Some(error) = self.refusals.lock().unwrap().pop() {
                return Err(error);
            }
            let ids = words.into_iter().map(|word| word.provider_id).collect();
            self.written.send((driver.to_owned(), ids)).await.unwrap();
            Ok(())
        }
    }

    type Written = mpsc::Receiver<(String, Vec<String>)>;

    fn open(behind: &Arc<Behind>, refusals: Vec<StoreError>) -> Written {
        let (written, read) = mpsc::channel(8);
        let hindered = Hindered { refusals: Mutex::new(refusals), written };
        behind.open(hindered, PublicIds::new(&[7; 32]), Arc::new(System));
        read
    }

    fn tell(behind: &Behind, driver: &str, id: &str) {
        behind.tell(driver, Receipt::of(id, Outcome::Delivered));
    }

    fn wrote(driver: &str, ids: &[&str]) -> Option<(String, Vec<String>)> {
        Some((driver.to_owned(), ids.iter().map(|id| (*id).to_owned()).collect()))
    }

    async fn next(written: &mut Written) -> Option<(String, Vec<String>)> {
        tokio::time::timeout(Duration::from_secs(60), written.recv()).await.unwrap()
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_told_before_the_store_is_open_waits_for_it() {
        let behind = Arc::new(Behind::default());
        tell(&behind, "sms", "a");
        let mut written = open(&behind, Vec::new());
        tell(&behind, "sms", "b");
        assert_eq!(next(&mut written).await, wrote("sms", &["a", "b"]));
    }

    #[tokio::test(start_paused = true)]
    async fn what_the_store_does_not_take_at_once_is_tried_again_and_the_rest_waits() {
        let behind = Arc::new(Behind::default());
        tell(&behind, "sms", "a");
        tell(&behind, "pager", "b");
        let full = StoreError::Full { limit: "storage.min_free", value: 1 };
        let passing =
            [full, StoreError::NoSpace("1 MiB".to_owned()), StoreError::Unavailable("busy".to_owned())];
        let mut written = open(&behind, passing.into());
        assert_eq!(next(&mut written).await, wrote("sms", &["a"]));
        assert_eq!(next(&mut written).await, wrote("pager", &["b"]));
    }

    #[tokio::test(start_paused = true)]
    async fn what_the_store_never_takes_does_not_hinder_the_rest() {
        let behind = Arc::new(Behind::default());
        tell(&behind, "sms", "a");
        tell(&behind, "pager", "b");
        let mut written = open(&behind, vec![StoreError::Corrupt("an outcome".to_owned())]);
        assert_eq!(next(&mut written).await, wrote("pager", &["b"]));
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_writes_for_a_host_that_has_ended() {
        let behind = Arc::new(Behind::default());
        tell(&behind, "sms", "a");
        let refusals = (0..1000).map(|_| StoreError::Unavailable("busy".to_owned())).collect();
        let mut written = open(&behind, refusals);
        tokio::time::sleep(Duration::from_secs(1)).await;
        drop(behind);
        assert_eq!(next(&mut written).await, None);
    }
}
