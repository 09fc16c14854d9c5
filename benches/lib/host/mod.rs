//! The host under test: the real program, as a process of its own with a folder of its own.

mod http;
mod program;
mod setup;
mod under_test;

pub use program::Program;
pub use setup::Setup;
pub use under_test::UnderTest;
