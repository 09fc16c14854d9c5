//! A webhook receiver on loopback, and the driver as a host makes and calls it.

pub mod made;
pub mod receiver;
