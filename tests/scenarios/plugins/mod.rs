//! Drivers that are not ours, in the real program.

mod child;
mod fickle;
mod refused;
mod reload;
mod shared;

pub(crate) use shared::fickle;
