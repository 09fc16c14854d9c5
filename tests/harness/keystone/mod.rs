//! A real Keystone, OpenStack's identity service, on SQLite. `install` puts it where `NUNCIO_KEYSTONE` says.

mod server;
mod trusts;

pub use server::{Account, Keystone};
