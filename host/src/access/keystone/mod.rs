//! Tokens that Keystone vouches for (Identity API v3).

mod cache;
mod face;

#[cfg(test)]
mod tests;
mod voucher;
mod wire;

pub(super) use voucher::Keystone;
