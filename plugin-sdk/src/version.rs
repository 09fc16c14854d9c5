//! Which SDK this is.

/// The version of this SDK. Any 1.x builds a driver that every host of major 1 loads.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");
