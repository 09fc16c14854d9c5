//! The real program, `nuncio serve`, with a configuration, a database and a port of its own.

mod api;
mod process;
mod recipe;
mod tenant;

pub use api::failures;
pub use process::Host;
pub use recipe::{Recipe, binary, libraries};
pub use tenant::Tenant;
