//! From a path to the entry of a library: the checks before any of its code runs, and those after.

mod elf;
mod entry;
mod file;
mod manifest;
mod place;

pub(crate) use entry::Opened;
pub(crate) use file::Checked;
pub(crate) use manifest::{remarks, sound};
