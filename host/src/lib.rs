//! The program: see `docs/architecture.md`.

pub mod access;
pub mod api;
pub mod app;
pub mod attachments;
pub mod catalog;
pub mod cli;
pub mod clock;
pub mod config;
pub mod confirmation;
pub mod delivery;
pub mod drivers;
pub mod intake;
pub mod jobs;
mod listener;
pub mod outlet;
pub mod place;
pub mod reload;
pub mod render;
mod retention;
mod served;
mod signals;
pub mod signed;
pub mod storage;
pub mod telemetry;
pub mod tenants;
mod times;
mod tls;
