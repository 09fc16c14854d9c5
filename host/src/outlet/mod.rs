//! Letting messages out to those who pull: the limits of claims, what queues ask of them, and who may delete what.

mod checksum;
mod limits;
mod taking;

pub use checksum::checksum;
pub use taking::{Hold, Outlet, OutletError, Removal};
