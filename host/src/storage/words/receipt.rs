//! Receipts: what the far side says of a delivery after it took it.

use nuncio_core::{DeliveryKey, Outcome, TargetId};

/// A delivery that the far side took, to be remembered for its receipts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sent {
    /// The delivery.
    pub key: DeliveryKey,
    /// The driver that made it.
    pub driver: String,
    /// What the far side calls its parts; several with a space between each, empty for nothing.
    pub provider_id: String,
}

/// A receipt as it is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReceiptWord {
    /// The delivery, where the receipt names it.
    pub delivery: Option<DeliveryKey>,
    /// What the far side calls it; may be empty where it names the delivery.
    pub provider_id: String,
    /// How it ended.
    pub outcome: Outcome,
    /// The far side's code.
    pub code: u32,
    /// Its words.
    pub reason: String,
    /// When, Unix milliseconds.
    pub at: i64,
}

/// What the receipts of a delivery come to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReceiptView {
    /// Delivered when all parts are; otherwise the worst of them.
    pub outcome: Outcome,
    /// The far side's code.
    pub code: u32,
    /// Its words.
    pub reason: String,
    /// When, Unix milliseconds.
    pub at: i64,
}

/// A receipt which says that an address must not be used any more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GoneLater {
    /// To whom it was sent.
    pub target: TargetId,
    /// The recipient's place in the target.
    pub place: u32,
    /// When the far side took it, Unix milliseconds.
    pub sent: i64,
    /// The receipt's words.
    pub reason: String,
}
