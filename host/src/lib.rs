//! The program: see `docs/architecture.md`.

pub mod api;
pub mod catalog;
pub mod config;
pub mod intake;
pub mod storage;
