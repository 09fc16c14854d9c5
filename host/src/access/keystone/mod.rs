//! Tokens that Keystone vouches for, and trusts by which it gives some (Identity API v3).

mod account;
mod cache;
mod face;

#[cfg(test)]
mod tests;
mod trusted;
mod trusts;
#[cfg(test)]
mod trusts_tests;
mod voucher;
mod wire;

pub use trusts::{Trusts, Untrusted};
pub(super) use voucher::Keystone;
