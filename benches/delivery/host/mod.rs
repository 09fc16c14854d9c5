//! The host under test: the real program, as a process of its own with a folder of its own.

mod http;
mod program;
mod setup;
mod under_test;

pub(crate) use program::Program;
pub(crate) use setup::Setup;
pub(crate) use under_test::UnderTest;
