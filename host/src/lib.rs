//! The program: see `docs/architecture.md`.
