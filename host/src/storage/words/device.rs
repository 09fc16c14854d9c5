//! Devices as they are kept.

use nuncio_core::wire::Device;

/// A device of a project. Its `Debug` form shows neither address nor keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceRow {
    /// As its driver is given it; without address and keys once it has ended.
    pub device: Device,
    /// The beginning of a keyed hash of its address: the same for the same address.
    pub print: String,
    /// Whether it must not be used any more.
    pub ended: Option<EndedDevice>,
}

/// The end of a device. It lasts until the device is registered anew, and is forgotten after 30 days.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndedDevice {
    /// When, Unix milliseconds.
    pub at: i64,
    /// The push service's words.
    pub why: String,
}

/// What a driver found out about a device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lost {
    /// Its id within the project.
    pub id: String,
    /// When the attempt began that found it out, Unix milliseconds: what was registered since is another device.
    pub began: i64,
    /// When it was found out, Unix milliseconds.
    pub at: i64,
    /// The push service's words.
    pub why: String,
}

/// What became of a device that was found lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LostDevice {
    /// It has ended now.
    Ended,
    /// It has ended before, or is not there.
    Known,
    /// It was registered anew meanwhile: the word is not of it.
    Renewed,
}
