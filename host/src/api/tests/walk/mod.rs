//! Tenants are apart: everything that can be asked is asked by those who may not.
//!
//! The routes are those of the router, so that a new one is walked too; what it is asked with stands in `asked`, which
//! ends the test for one that it does not know. Whatever else can be asked (a message of a WebSocket) joins by another
//! `Door` over the same people and things.

mod asked;
mod door;
mod people;
mod tenants;
mod things;
