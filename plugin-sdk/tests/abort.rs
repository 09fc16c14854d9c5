//! One bad message must not end the host: a driver that aborts on panic is refused by the compiler.

// The lint knows test functions, not what helps them.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::{env, process::Command};

/// Only the example itself is compiled so: the flag is not for what it depends on.
#[test]
fn a_driver_that_aborts_on_panic_does_not_compile() {
    let built = env::current_exe().unwrap();
    let target = built.ancestors().nth(3).expect("target/PROFILE/deps/NAME");
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.args(["rustc", "--offline", "--quiet", "--example", "hello", "--target-dir"]).arg(target);
    if built.components().any(|part| part.as_os_str() == "release") {
        cargo.arg("--release");
    }
    let output = cargo.args(["--", "-C", "panic=abort"]).output().expect("cargo runs this test");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success(), "it was built");
    assert!(errors.contains("a driver must not be built with panic = \"abort\""), "{errors}");
}
