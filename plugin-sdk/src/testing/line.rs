//! The one line.

/// Runs the conformance kit on a driver, once as it is linked and once as the library that it becomes.
///
/// Takes a [`Kit`](crate::testing::Kit); the names of this module need not be imported for it.
#[macro_export]
macro_rules! conformance {
    ($kit:expr) => {
        #[test]
        fn conforms_as_it_is_linked() {
            #[allow(unused_imports)]
            use $crate::{Outcome, Scope, serde_json::json, testing::*};
            $kit.package(env!("CARGO_MANIFEST_DIR")).assert(Packaging::Linked);
        }

        #[test]
        fn conforms_as_a_library() {
            #[allow(unused_imports)]
            use $crate::{Outcome, Scope, serde_json::json, testing::*};
            $kit.package(env!("CARGO_MANIFEST_DIR")).assert(Packaging::Loaded);
        }
    };
}
