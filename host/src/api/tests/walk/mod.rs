//! Tenants are apart: everything that can be asked is asked by those who may not.
//!
//! The routes are those of the router, so that a new one is walked too; what it is asked with stands in `asked`, which
//! ends the test for one that it does not know. The actions of a WebSocket are walked beside their transport, by the same
//! people over the same things.

mod asked;
pub(crate) mod door;
pub(crate) mod people;
mod tenants;
pub(crate) mod things;
