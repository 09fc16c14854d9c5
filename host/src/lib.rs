//! The program: see `docs/architecture.md`.

pub mod storage;
