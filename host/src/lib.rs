//! The program: see `docs/architecture.md`.

pub mod clock;
pub mod config;
pub mod delivery;
pub mod drivers;
pub mod render;
pub mod storage;
pub mod telemetry;
