//! A throwaway Postfix: its own configuration, queue, data, certificates, passwords and ports.

mod files;
mod server;

#[cfg(test)]
mod tests;

pub use files::{PASSWORD, USER};
pub use server::Postfix;
