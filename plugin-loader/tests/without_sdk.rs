//! Drivers by strangers: in Rust against the header alone, and in C under a sanitizer.

// The lint knows test functions, not what helps them.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use std::{
    env,
    path::{Path, PathBuf},
    process::{Command, Output},
    time::Duration,
};

use nuncio_core::{Driver, Outcome};
use nuncio_plugin_loader::{Library, LoadOptions};
use serde_json::json;
use support::{Settled, context, deliver, deliver_batch, directory};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn run(command: &mut Command) -> Output {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    output
}

#[tokio::test]
async fn a_rust_driver_with_its_own_allocator_needs_the_header_alone() {
    let library = directory().join(format!("stranger-{}.so", std::process::id()));
    let source = root().join("tests/rust/stranger.rs");
    run(Command::new("rustc")
        .args(["--edition", "2024", "--crate-type", "cdylib", "-o"])
        .arg(&library)
        .arg(source)
        // Cargo's own names and flags are not a stranger's.
        .env_remove("CARGO_PKG_NAME")
        .env_remove("RUSTFLAGS"));
    let driver = Library::open(&library, None).unwrap();
    let driver = driver.create("stranger", json!({}), &context(), &LoadOptions::default()).unwrap();
    for _ in 0..20 {
        let report = deliver(&*driver, "olleh").await.of(0);
        assert_eq!((report.outcome, report.provider_id.as_str()), (Outcome::Delivered, "hello"));
    }
    let settled = Settled::default();
    deliver_batch(&*driver, &["ba", "dc"], &settled).await;
    let ids: Vec<_> =
        settled.0.lock().unwrap().iter().map(|(at, one)| (*at, one.of(0).provider_id)).collect();
    assert!(ids.contains(&(0, "ab".into())) && ids.contains(&(1, "cd".into())), "{ids:?}");
    driver.shutdown(Duration::from_secs(5)).await;
}

/// The example of the loader, which `cargo test` builds beside the tests; built here where it was left out.
fn deliver_example() -> PathBuf {
    let tests = env::current_exe().unwrap();
    let example = tests.parent().unwrap().parent().unwrap().join("examples/deliver");
    if !example.exists() {
        let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        run(Command::new(cargo).current_dir(root()).args([
            "build",
            "--offline",
            "-p",
            "nuncio-plugin-loader",
            "--example",
            "deliver",
        ]));
    }
    example
}

fn hello(flags: &[&str], name: &str) -> PathBuf {
    let sdk = root().join("../plugin-sdk");
    let library = directory().join(format!("{name}-{}.so", std::process::id()));
    run(Command::new("cc")
        .args(["-std=c99", "-pedantic", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC", "-I"])
        .arg(sdk.join("include"))
        .args(flags)
        .arg("-o")
        .arg(&library)
        .arg(sdk.join("examples/hello.c")));
    library
}

#[test]
fn the_c_example_greets() {
    let library = hello(&[], "hello");
    let output = run(Command::new(deliver_example()).arg(&library).args(["{}", "hello-c:World", "3"]));
    let said = String::from_utf8(output.stdout).unwrap();
    assert_eq!(said, "Hello hello-c:World! Hello from the loader\n".repeat(3) + "3 Delivered\n");
    let refused = Command::new(deliver_example()).arg(&library).arg(r#"{"a": 1}"#).output().unwrap();
    assert!(!refused.status.success());
    assert!(
        String::from_utf8_lossy(&refused.stderr).contains("/a"),
        "a setting that its schema does not know"
    );
}

/// Every delivery, shutdown and destroy of the C example under gcc's address and undefined-behaviour sanitizers.
#[test]
fn the_c_example_is_clean_under_sanitizers() {
    let library = hello(&["-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"], "sanitized");
    let runtimes = ["libasan.so", "libubsan.so"].map(|name| {
        let found = run(Command::new("gcc").arg(format!("-print-file-name={name}")));
        String::from_utf8(found.stdout).unwrap().trim().to_owned()
    });
    let output = run(Command::new(deliver_example())
        .arg(&library)
        .args(["{}", "hello-c:World", "200", "64"])
        .env("LD_PRELOAD", runtimes.join(":")));
    let (said, warned) =
        (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
    assert!(said.ends_with("200 Delivered\n") && !warned.contains("Sanitizer"), "{said}{warned}");
}
