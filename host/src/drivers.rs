//! The import list: a driver is linked into this host because its line stands here. Nothing else in the host names a
//! driver.
//!
//! A Cargo dependency without its line is silently dropped by the linker. Drivers that are not linked come from
//! `[[libraries]]` and `[[exec]]`; [`Roster`] puts them all together.

#[cfg(feature = "driver-apns")]
use nuncio_driver_apns as _;
#[cfg(feature = "driver-fcm")]
use nuncio_driver_fcm as _;
#[cfg(feature = "driver-http")]
use nuncio_driver_http as _;
#[cfg(feature = "driver-log")]
use nuncio_driver_log as _;
#[cfg(feature = "driver-mailto")]
use nuncio_driver_mailto as _;
#[cfg(feature = "driver-sms")]
use nuncio_driver_sms as _;
#[cfg(feature = "driver-webpush")]
use nuncio_driver_webpush as _;

mod behind;
mod calls;
mod candidate;
mod description;
mod farewell;
mod figures;
mod files;
mod gathering;
mod program;
mod roster;
mod sections;
#[cfg(test)]
pub(crate) mod stranger;
#[cfg(test)]
mod tests;
mod wiping;

pub use behind::{Behind, Devices, Ledger};
pub use calls::Calls;
pub use description::{Standing, described, described_refusal};
pub use farewell::{dismiss, retire};
pub use figures::Figures;
pub(crate) use program::try_program;
pub use roster::{Change, Roster};
pub use wiping::wipe;
