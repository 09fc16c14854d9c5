//! The address policy: which addresses a subscriber URI may lead to.
//!
//! A pure rule. The connector applies it to the address that it is about to dial, literals included.

mod network;
mod policy;
mod special;

pub use network::NetworkError;
pub use policy::Policy;

pub(crate) use network::Network;
