//! The command line: one file a command.

mod arguments;
mod backup;
mod check;
mod client;
mod configuration;
mod crew;
mod demo;
mod drivers;
mod explain;
mod fault;
mod keys;
mod new_driver;
mod output;
mod pages;
mod pipe;
mod remote;
mod run;
mod send;
mod serve;
mod table;

pub use fault::Exit;
pub use run::run;
