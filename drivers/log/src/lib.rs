//! `log:`: each notification is one structured line of the server's log. See the README beside this crate.

mod driver;
mod line;

pub use driver::Log;
