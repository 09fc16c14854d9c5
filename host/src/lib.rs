//! The program: see `docs/architecture.md`.

pub mod config;
pub mod storage;
