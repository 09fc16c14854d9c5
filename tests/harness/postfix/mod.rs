//! A throwaway Postfix: its own configuration, queue, data, certificates, passwords and ports.

mod files;
mod policy;
mod server;

#[cfg(test)]
mod tests;

pub use files::{PASSWORD, USER};
pub use server::Postfix;
