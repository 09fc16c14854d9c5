//! Drivers as strangers build them: a crate outside of the workspace, a file of C, a driver of ours as a library.
//!
//! All go into the target folder of this test, with its profile and the versions of our `Cargo.lock`, so that what is
//! built already is not built again. Builds take turns; each has a time limit.

mod c;
mod cargo;
mod package;
mod place;

pub use c::{c_compiler, c_library};
pub use cargo::in_tree;
pub use package::Package;
pub use place::{profile, root, target};
