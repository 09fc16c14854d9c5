//! `nuncio drivers`

mod command;
mod doctor;
mod list;
mod probe;
mod schema;
mod show;

pub(super) use command::{Arguments, run};
pub(super) use list::{listed, show};
