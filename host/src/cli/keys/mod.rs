//! `nuncio keys`: API keys are made, listed and revoked, over the API of a host that runs or in its database.

mod command;
mod offline;

pub(super) use command::{Arguments, run};
