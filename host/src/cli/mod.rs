//! The command line: one file a command.

mod arguments;
mod check;
mod configuration;
mod drivers;
mod explain;
mod fault;
mod output;
mod run;
mod send;
mod table;

pub use fault::Exit;
pub use run::run;
