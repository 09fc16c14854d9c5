//! `nuncio new-driver`: what it writes builds and passes as it stands.

use std::{path::PathBuf, process::Output, time::Duration};

use nuncio_tests::{
    Folder, binary,
    command::{command, run},
    stranger::{Package, root},
};

/// Runs `nuncio new-driver` in `folder`.
fn new_driver(folder: &Folder, arguments: &[&str]) -> Output {
    let mut nuncio = command(binary(), Duration::from_secs(20));
    run(nuncio.current_dir(folder.path()).arg("new-driver").args(arguments))
}

/// A new driver on the SDK of this repository.
fn generated(folder: &Folder, name: &str, scheme: &str) -> PathBuf {
    let sdk = root().join("plugin-sdk");
    let output = new_driver(folder, &[name, "--scheme", scheme, "--sdk", sdk.to_str().unwrap()]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    folder.join(name)
}

#[test]
fn a_new_driver_builds_and_passes_as_generated() {
    let folder = Folder::new("generated");
    let package = Package::copied(&generated(&folder, "acme-letters", "acme-letters"));
    package.formatted();
    let printed = package.test();
    assert!(printed.contains("a_uri_names_one_address"), "{printed}");
    package.clippy();
    assert!(package.library().ends_with("libnuncio_driver_acme_letters.so"));
}

#[test]
fn a_name_of_any_length_and_any_scheme_leave_it_formatted() {
    let folder = Folder::new("generated");
    for (name, scheme) in
        [("x", "sms"), ("a-name-of-thirty-two-letters-aaa", "a-scheme-that.is+longer-than-one-should-be")]
    {
        Package::copied(&generated(&folder, name, scheme)).formatted();
    }
}

#[test]
fn it_says_what_it_wrote_and_what_comes_next() {
    let folder = Folder::new("generated");
    let output = new_driver(&folder, &["acme-letters"]);
    let text = String::from_utf8(output.stdout).unwrap();
    for part in [
        "plugin-sdk",
        "cd acme-letters && cargo test",
        "cargo build --release",
        "nuncio send acme-letters:someone",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let again = new_driver(&folder, &["acme-letters"]);
    let said = String::from_utf8(again.stderr).unwrap();
    assert_eq!(again.status.code(), Some(64));
    assert_eq!(said, "acme-letters is not empty: name another folder with --path\n");
}
