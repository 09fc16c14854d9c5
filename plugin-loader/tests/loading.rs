//! What is refused before any code of a library runs, and what after; each with one clear line.

// The lint knows test functions, not what helps them.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use std::{
    fs,
    os::unix::fs::{PermissionsExt, chown, symlink},
    path::Path,
    time::{Duration, UNIX_EPOCH},
};

use nuncio_plugin_loader::{Library, LoadOptions, inspect};
use serde_json::json;
use sha2::{Digest, Sha256};
use support::{built, context, directory, opened};

/// The one line with which the library at `path` is refused.
fn refusal(path: &Path, pin: Option<&str>) -> String {
    let line = Library::open(path, pin).expect_err("it is refused").to_string();
    assert!(!line.contains('\n') && line.contains(path.file_name().unwrap().to_str().unwrap()), "{line}");
    let findings = inspect(path, pin, None);
    assert!(findings.iter().any(|one| one.fatal && one.what.why == line), "{findings:?}");
    line
}

fn with_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn a_good_library_says_its_path_abi_and_manifests() {
    let path = built("inside", &[]);
    let link = directory().join(format!("link-{}.so", std::process::id()));
    symlink(&path, &link).unwrap();
    let library = Library::open(&link, None).unwrap();
    fs::remove_file(&link).unwrap();
    assert_eq!(library.path(), path.canonicalize().unwrap());
    assert_eq!((library.abi(), library.manifests()[0].name.as_str()), ((1, 0), "inside"));
    let again = Library::open(&path, None).unwrap();
    assert_eq!(again.manifests(), library.manifests(), "a library may be opened twice");
}

#[test]
fn what_is_no_library_is_refused() {
    let missing = directory().join("missing.so");
    assert!(refusal(&missing, None).contains("cannot be read"));
    let folder = directory().join("folder.so");
    fs::create_dir_all(&folder).unwrap();
    assert!(refusal(&folder, None).contains("not a regular file"));
    let text = directory().join("text.so");
    fs::write(&text, "I am a text").unwrap();
    assert!(refusal(&text, None).contains("not a dynamic library (ELF)"));
    let cut = directory().join("cut.so");
    let whole = fs::read(built("inside", &[])).unwrap();
    fs::write(&cut, &whole[..100]).unwrap();
    assert!(refusal(&cut, None).contains("is"));
    let mut other = whole;
    other[18] = if cfg!(target_arch = "aarch64") { 0x3e } else { 0xb7 };
    fs::write(&cut, &other).unwrap();
    assert!(refusal(&cut, None).contains("another machine"));
    other[4] = 1;
    fs::write(&cut, &other).unwrap();
    assert!(refusal(&cut, None).contains("64 bits"));
    let program = Path::new("/bin/true").canonicalize().unwrap();
    assert!(refusal(&program, None).contains("is no driver") || refusal(&program, None).contains("program"));
}

#[test]
fn the_code_of_a_wrong_library_never_runs() {
    let marker = directory().join(format!("marker-{}", std::process::id()));
    let define = format!("-DMARKER=\"{}\"", marker.display());
    assert!(refusal(&built("marker", &[&define]), None).contains("does not export `nuncio_driver_entry_v1`"));
    let line = refusal(&built("marker", &[&define, "-DOTHER_MAJOR"]), None);
    assert!(line.contains("major version 2") && line.contains("speaks 1"), "{line}");
    assert!(!marker.exists(), "a constructor ran");
}

#[test]
fn a_pin_must_be_that_of_the_file() {
    let path = built("inside", &[]);
    let right: String =
        Sha256::digest(fs::read(&path).unwrap()).iter().map(|byte| format!("{byte:02x}")).collect();
    assert!(Library::open(&path, Some(&right.to_uppercase())).is_ok());
    let line = refusal(&path, Some(&"0".repeat(64)));
    assert!(line.contains(&right) && line.contains(&"0".repeat(64)), "{line}");
    assert!(refusal(&path, Some("abc")).contains("`abc` is not a SHA-256"));
}

#[test]
fn what_others_may_write_is_refused() {
    let path = built("inside", &[]);
    for mode in [0o775, 0o757] {
        with_mode(&path, mode);
        assert!(refusal(&path, None).contains(&format!("{mode:04o}")));
    }
    with_mode(&path, 0o755);
    let place = tempfile::tempdir_in(directory()).unwrap();
    let inner = place.path().join("inner");
    fs::create_dir(&inner).unwrap();
    let moved = inner.join("moved.so");
    fs::rename(&path, &moved).unwrap();
    for directory in [&inner, &place.path().to_owned()] {
        for mode in [0o775, 0o757] {
            with_mode(directory, mode);
            let line = Library::open(&moved, None).unwrap_err().to_string();
            assert!(line.starts_with(&format!("{}: is writable", directory.display())), "{line}");
        }
        with_mode(directory, 0o755);
    }
    with_mode(&inner, 0o1777);
    let line = Library::open(&moved, None).unwrap_err().to_string();
    assert!(line.contains("1777"), "its own directory must not be open to all, sticky or not: {line}");
    with_mode(&inner, 0o755);
    with_mode(place.path(), 0o1777);
    assert!(Library::open(&moved, None).is_ok(), "above it, a sticky directory is borne");
}

#[test]
fn what_somebody_else_owns_is_refused() {
    let path = built("inside", &[]);
    // Only root can give a file away; for others there is nothing to be seen.
    if chown(&path, Some(4242), None).is_ok() {
        assert!(refusal(&path, None).contains("belongs to user 4242"));
    }
}

#[test]
fn an_entry_that_is_wrong_is_refused() {
    let wrong = |flag: &str| refusal(&built("entry", &[flag]), None);
    assert!(wrong("-DMAGIC=7u").contains("begins with 0x00000007"));
    assert!(wrong("-DMAJOR=9u").contains("of major version 9"));
    assert!(wrong("-DSIZE=12").contains("no `create`"));
    assert!(wrong("-DSIZE=24").contains("no `create`"), "an older table that ends before it");
    assert!(wrong("-DCOUNT=0").contains("has 0 drivers"));
    assert!(wrong("-DCOUNT=1000").contains("has 1000 drivers"));
    assert!(wrong("-DCOUNT=2").contains("called `entry` as another"));
    assert!(wrong("-DNO_TABLE").contains("returns no table"));
}

#[test]
fn a_manifest_that_is_wrong_is_refused() {
    let wrong = |text: &str| refusal(&built("entry", &[&format!("-DMANIFEST={text}")]), None);
    assert!(wrong(r#"TEXT("\xff{}")"#).contains("UTF-8"));
    assert!(wrong(r#"TEXT("hello")"#).contains("cannot be read"));
    assert!(wrong("((nuncio_bytes){NULL,0})").contains("cannot be read"));
    let line = wrong("((nuncio_bytes){(const uint8_t*)\"x\",9000000})");
    assert!(line.contains("9000000 bytes"), "{line}");
}

#[test]
fn a_file_that_changed_under_its_library_is_refused() {
    let path = built("inside", &[]);
    Library::open(&path, None).unwrap();
    // As `cp` does it: the same inode, at another time. Other bytes would crash this process, which is the point.
    let file = fs::File::options().write(true).open(&path).unwrap();
    file.set_modified(UNIX_EPOCH).unwrap();
    assert!(Library::open(&path, None).unwrap_err().to_string().contains("changed in place"));
}

#[test]
fn a_driver_that_is_not_there_is_named_with_those_that_are() {
    let error = opened("inside").create("outside", json!({}), &context(), &Default::default()).unwrap_err();
    assert!(
        error.to_string().contains("`outside`") && error.to_string().contains("it has: inside"),
        "{error}"
    );
}

#[test]
fn what_create_refuses_is_told_with_its_pointers_and_without_secrets() {
    let refused = |status: &str, said: &str| {
        let flags = [format!("-DSTATUS={status}"), format!("-DSAID=\"{}\"", said.replace('"', "\\\""))];
        let path = built("entry", &[flags[0].as_str(), flags[1].as_str()]);
        let library = Library::open(&path, None).unwrap();
        library.create("entry", json!({}), &context(), &Default::default()).unwrap_err().0
    };
    let refusals = refused("NUNCIO_INVALID", r#"[{"at":"/a","why":"b","fix":"c"},{"at":"/d","why":"e"}]"#);
    assert_eq!(refusals.iter().map(ToString::to_string).collect::<Vec<_>>(), ["/a: b; c", "/d: e"]);
    assert_eq!(refused("NUNCIO_FAILED", "no memory")[0].why, "no memory");
    assert!(refused("NUNCIO_INVALID", "")[0].why.contains("does not say why"));
    assert!(refused("77", "")[0].why.contains("status 77"));
    assert!(refused("NUNCIO_OK", "")[0].why.contains("no `submit`"));
}

#[test]
fn a_driver_that_hangs_while_it_is_made_is_given_up() {
    let library = Library::open(&built("entry", &["-DHANG"]), None).unwrap();
    let options = LoadOptions::default().create_within(Duration::from_millis(20));
    let error = library.create("entry", json!({}), &context(), &options).unwrap_err().to_string();
    assert!(error.contains("not made within 20 ms"), "{error}");
}

#[test]
fn the_doctor_says_everything_at_once() {
    let path = built("inside", &[]);
    with_mode(&path, 0o777);
    let findings = inspect(&path, Some("abc"), None);
    assert_eq!(findings.iter().filter(|one| one.fatal).count(), 2, "{findings:?}");
    with_mode(&path, 0o755);
    let findings = inspect(&path, None, Some(json!({})));
    assert!(findings.iter().all(|one| !one.fatal) && findings.len() == 4, "{findings:?}");
    assert!(findings.iter().all(|one| one.what.at.starts_with("inside/")), "{findings:?}");
}
