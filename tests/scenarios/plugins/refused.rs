//! What must not be loaded is refused with one clear line, and the host runs without it.

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    time::Duration,
};

use nuncio_tests::{
    Folder, Recipe, binary,
    command::{command, run},
    stranger::c_library,
};
use serde_json::json;

use super::shared::fickle;
use crate::clock::SOON;

/// A host with `sections` starts, delivers, and says each of `told` once in its log and to whoever asks.
#[track_caller]
fn runs_without(sections: &str, told: &[&str]) {
    let recipe = Recipe::new().section(sections);
    let host = recipe.clone().start();
    let log = host.log();
    let says_it = |line: &&str| line.contains(" ERROR ") && told.iter().all(|part| line.contains(part));
    assert_eq!(log.lines().filter(says_it).count(), 1, "one error with {told:?}:\n{log}");
    let ready = host.get("/readyz").expect(200).text();
    assert!(told.iter().all(|part| ready.contains(part)), "/readyz says it too: {ready}");
    let ids = host.notify(&json!({"to": ["log:still-there"], "content": "x"}));
    host.settled(&ids[0], "delivered", SOON);

    let folder = Folder::new("check");
    let configuration = recipe.write(&folder);
    let mut check = recipe.command(Duration::from_secs(20));
    let output = run(check.args(["check", "--config"]).arg(configuration));
    assert_eq!(output.status.code(), Some(78), "{output:?}");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(told.iter().all(|part| said.contains(part)), "`check` says it too: {said}");
}

fn library(path: &Path) -> String {
    format!("[[libraries]]\npath = \"{}\"", path.display())
}

/// A C source as a library: `#include "nuncio_driver.h"` stands before `text`.
fn of_c(folder: &Folder, name: &str, text: &str) -> PathBuf {
    let source = folder.write(&format!("{name}.c"), &format!("#include \"nuncio_driver.h\"\n{text}\n"));
    c_library(&source)
}

#[test]
fn a_file_that_is_no_library() {
    let folder = Folder::new("refused");
    let path = folder.write("libtext.so", "#!/bin/sh\n");
    runs_without(&library(&path), &["libtext.so", "is not a dynamic library (ELF)"]);
}

#[test]
fn a_library_without_the_symbol() {
    let folder = Folder::new("refused");
    let path = of_c(
        &folder,
        "refused_without_symbol",
        "int nothing_of_ours(void);\nint nothing_of_ours(void) { return 1; }",
    );
    runs_without(&library(&path), &["refused_without_symbol", "nuncio_driver_entry_v1"]);
}

#[test]
fn a_library_of_another_major_version() {
    let folder = Folder::new("refused");
    let text = "static const nuncio_entry entry = {NUNCIO_MAGIC, 7, 0, sizeof entry, 0, 0, 0};
                const nuncio_entry *nuncio_driver_entry_v1(void) { return &entry; }";
    let path = of_c(&folder, "refused_major", text);
    runs_without(&library(&path), &["refused_major", "7"]);
}

#[test]
fn a_library_that_is_not_the_pinned_one() {
    let pin = format!("{}\nsha256 = \"{}\"", library(&fickle()), "0".repeat(64));
    runs_without(&pin, &["libfickle.so", "sha256"]);
}

#[test]
fn a_library_in_a_folder_that_everybody_may_write_to() {
    let folder = Folder::new("refused");
    let path = folder.join("libfickle.so");
    fs::copy(fickle(), &path).unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o777)).unwrap();
    runs_without(&library(&path), &["nuncio-refused-", "is writable by"]);
}

#[test]
fn settings_that_the_driver_does_not_know() {
    let settings = format!("{}\n[drivers.fickle]\npasword = \"x\"", library(&fickle()));
    runs_without(&settings, &["fickle", "pasword"]);
}

#[test]
fn a_constructor_that_panics() {
    let settings = format!("{}\n[drivers.fickle]\nexplode = true", library(&fickle()));
    runs_without(&settings, &["told to explode", "fickle.rs:"]);
}

#[test]
fn a_scheme_that_another_driver_serves_unless_it_is_chosen() {
    let folder = Folder::new("refused");
    let text = r#"
static nuncio_status submit(void *self, const nuncio_notice *const *notices, size_t n, size_t *accepted) {
  (void)self; (void)notices; (void)n; *accepted = 0; return NUNCIO_CLOSED;
}
static void shut_down(void *self, uint32_t grace_ms) { (void)self; (void)grace_ms; }
static void destroy(void *self) { (void)self; }
static nuncio_bytes manifest(uint32_t index) {
  static const char text[] = "{\"name\": \"rival\", \"version\": \"1.0.0\", \"schemes\": [\"log\"]}";
  nuncio_bytes bytes = {(const uint8_t *)text, sizeof text - 1};
  (void)index;
  return bytes;
}
static nuncio_status create(uint32_t index, const nuncio_host *host, nuncio_bytes settings, nuncio_driver *out,
                            nuncio_error *error) {
  (void)index; (void)host; (void)settings; (void)error;
  out->submit = submit; out->shutdown = shut_down; out->destroy = destroy;
  return NUNCIO_OK;
}
const nuncio_entry *nuncio_driver_entry_v1(void) {
  static const nuncio_entry entry = {NUNCIO_MAGIC, NUNCIO_ABI_MAJOR, NUNCIO_ABI_MINOR, sizeof entry, 1, manifest, create};
  return &entry;
}"#;
    let path = of_c(&folder, "refused_rival", text);
    runs_without(&library(&path), &["`log`", "`rival`"]);

    let chosen = format!("[schemes]\nlog = \"log\"\n\n{}", library(&path));
    let host = Recipe::new().section(&chosen).start();
    let drivers = host.get("/v2/drivers").expect(200).json();
    let of = |name: &str| {
        drivers["drivers"]
            .as_array()
            .unwrap()
            .iter()
            .find(|one| one["name"] == name)
            .cloned()
            .unwrap_or_default()
    };
    assert_eq!(of("log")["origin"], "linked");
    assert_eq!(of("rival")["origin"], "library", "{drivers}");
    let ids = host.notify(&json!({"to": ["log:chosen"], "content": "x"}));
    host.settled(&ids[0], "delivered", SOON);
}

#[test]
fn a_library_that_crashes_takes_the_doctors_child_and_not_the_doctor() {
    let folder = Folder::new("refused");
    let text = r#"
#include <stdlib.h>
static nuncio_bytes manifest(uint32_t index) { (void)index; abort(); }
static nuncio_status create(uint32_t index, const nuncio_host *host, nuncio_bytes settings, nuncio_driver *out,
                            nuncio_error *error) {
  (void)index; (void)host; (void)settings; (void)out; (void)error;
  return NUNCIO_FAILED;
}
const nuncio_entry *nuncio_driver_entry_v1(void) {
  static const nuncio_entry entry = {NUNCIO_MAGIC, NUNCIO_ABI_MAJOR, NUNCIO_ABI_MINOR, sizeof entry, 1, manifest, create};
  return &entry;
}"#;
    let path = of_c(&folder, "refused_crash", text);
    let doctor = |path: &Path| {
        let mut doctor = command(binary(), Duration::from_secs(30));
        let output = run(doctor.args(["drivers", "doctor"]).arg(path));
        let said = [output.stdout, output.stderr].concat();
        (output.status.code(), String::from_utf8_lossy(&said).into_owned())
    };
    let (code, said) = doctor(&path);
    assert!(code.is_some_and(|code| code != 0) && said.contains("SIGABRT"), "{code:?}: {said}");
    let (code, said) = doctor(&fickle());
    assert!(code == Some(0) && said.contains("Does what its URI says"), "{code:?}: {said}");
}
