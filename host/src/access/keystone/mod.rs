//! Tokens that Keystone vouches for (Identity API v3).

mod cache;
mod face;
mod keystone;

#[cfg(test)]
mod tests;
mod wire;

pub(super) use keystone::Keystone;
