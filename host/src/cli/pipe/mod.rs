//! `nuncio pipe QUEUE`: each line of the standard input, or of a file that may grow, becomes a message of a running host.

mod batch;
mod bookmark;
mod command;
mod file;
mod line;
mod poster;
mod stdin;

pub(super) use command::{Arguments, run};
