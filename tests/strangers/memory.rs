//! Memory is used as it may be: loading and delivering under Valgrind's memcheck.

use std::{env, path::Path, time::Duration};

use nuncio_tests::{
    command::{command, run},
    stranger::{c_library, root},
};

/// Valgrind is some fifty times slower than the machine.
const LIMIT: Duration = Duration::from_secs(180);
/// What Valgrind exits with when it found something.
const FOUND: &str = "--error-exitcode=99";

/// What Cargo builds beside this test.
#[track_caller]
fn beside(name: &str) -> std::path::PathBuf {
    let path = env::current_exe().unwrap().parent().unwrap().parent().unwrap().join("examples").join(name);
    assert!(path.exists(), "{}: not built; cargo build --release --workspace --examples", path.display());
    path
}

/// Loads `library` and delivers `count` notices to `uri`, all in one batch; whether all were delivered.
#[track_caller]
fn clean(library: &Path, settings: &str, uri: &str, count: &str) -> bool {
    let mut valgrind = command("valgrind", LIMIT);
    valgrind.args([
        "--quiet",
        "--leak-check=full",
        "--show-leak-kinds=definite",
        "--errors-for-leak-kinds=definite",
        FOUND,
    ]);
    valgrind.arg(beside("deliver")).arg(library).args([settings, uri, count, count]);
    let output = run(&mut valgrind);
    let told =
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(matches!(output.status.code(), Some(0 | 1)), "{:?}: {told}", output.status);
    assert!(told.contains("20 Delivered") || told.contains("20 Deferred"), "it delivered nothing: {told}");
    output.status.success()
}

#[test]
fn a_c_driver_is_clean() {
    let library = c_library(&root().join("plugin-sdk/examples/hello.c"));
    assert!(clean(&library, "{}", "hello-c:you", "20"));
}

#[test]
fn a_rust_driver_is_clean() {
    assert!(clean(&beside("libfickle.so"), "{}", "fickle:ok", "20"));
}

#[test]
fn a_rust_driver_that_answers_from_a_task_is_clean() {
    assert!(clean(&beside("libfickle.so"), "{}", "fickle:later", "20"));
}

#[test]
fn a_driver_that_panics_is_clean() {
    assert!(!clean(&beside("libfickle.so"), "{}", "fickle:panic", "20"));
}
