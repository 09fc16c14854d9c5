//! A C compiler reads the header and holds it against the Rust types.

use std::{collections::BTreeSet, fmt::Write, path::Path, process::Command};

use nuncio_core::{Kind, abi};

use super::STRUCTS;

/// The constants of the header with the values that Rust gives them.
fn constants() -> Vec<(&'static str, i64)> {
    let (kind, status) = (|kind: Kind| kind as i64, |status: abi::Status| i64::from(status));
    vec![
        ("NUNCIO_ABI_MAJOR", abi::MAJOR.into()),
        ("NUNCIO_ABI_MINOR", abi::MINOR.into()),
        ("NUNCIO_MAGIC", abi::MAGIC.into()),
        ("NUNCIO_DELIVERED", status(abi::DELIVERED)),
        ("NUNCIO_DEFERRED", status(abi::DEFERRED)),
        ("NUNCIO_REJECTED", status(abi::REJECTED)),
        ("NUNCIO_GONE", status(abi::GONE)),
        ("NUNCIO_OK", status(abi::OK)),
        ("NUNCIO_BUSY", status(abi::BUSY)),
        ("NUNCIO_CANCELLED", status(abi::CANCELLED)),
        ("NUNCIO_UNSUPPORTED", status(abi::UNSUPPORTED)),
        ("NUNCIO_INVALID", status(abi::INVALID)),
        ("NUNCIO_CLOSED", status(abi::CLOSED)),
        ("NUNCIO_FAILED", status(abi::FAILED)),
        ("NUNCIO_SCOPE_RECIPIENT", abi::SCOPE_RECIPIENT.into()),
        ("NUNCIO_SCOPE_MESSAGE", abi::SCOPE_MESSAGE.into()),
        ("NUNCIO_SCOPE_DESTINATION", abi::SCOPE_DESTINATION.into()),
        ("NUNCIO_SCOPE_ACCOUNT", abi::SCOPE_ACCOUNT.into()),
        ("NUNCIO_LOG_ERROR", abi::LOG_ERROR.into()),
        ("NUNCIO_LOG_WARN", abi::LOG_WARN.into()),
        ("NUNCIO_LOG_INFO", abi::LOG_INFO.into()),
        ("NUNCIO_LOG_DEBUG", abi::LOG_DEBUG.into()),
        ("NUNCIO_LOG_TRACE", abi::LOG_TRACE.into()),
        ("NUNCIO_KIND_NOTIFICATION", kind(Kind::Notification)),
        ("NUNCIO_KIND_CONFIRMATION", kind(Kind::Confirmation)),
        ("NUNCIO_KIND_UNSUBSCRIBE", kind(Kind::Unsubscribe)),
        ("NUNCIO_KIND_DIGEST", kind(Kind::Digest)),
        ("NUNCIO_KIND_TEST", kind(Kind::Test)),
        ("NUNCIO_KIND_EVENT", kind(Kind::Event)),
        ("NUNCIO_MAYBE_SENT", abi::MAYBE_SENT.into()),
        ("NUNCIO_INLINE", abi::INLINE.into()),
        ("NUNCIO_ALL", abi::ALL.into()),
    ]
}

fn header() -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("include");
    std::fs::read_to_string(folder.join("nuncio_driver.h")).unwrap()
}

/// C that does not compile unless each size, offset and value is as in Rust. C99 has no static assertion, but no array
/// of negative length either.
fn assertions() -> String {
    let mut lines = String::from("#include \"nuncio_driver.h\"\n");
    let mut assert = |what: String| {
        let n = lines.lines().count();
        writeln!(lines, "typedef char check_{n}[({what}) ? 1 : -1];").unwrap();
    };
    for one in STRUCTS {
        assert(format!("sizeof({}) == {}", one.name, one.size));
        for (field, offset) in one.fields {
            assert(format!("offsetof({}, {field}) == {offset}", one.name));
        }
    }
    for (name, value) in constants() {
        assert(format!("{name} == {value}"));
    }
    lines
}

/// Whether `compiler` takes `source`; `None` if there is no such compiler.
fn compiles(compiler: &[&str], source: &str) -> Option<Result<(), String>> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("check.c");
    std::fs::write(&file, source).unwrap();
    let include = Path::new(env!("CARGO_MANIFEST_DIR")).join("include");
    let flags = ["-pedantic", "-Wall", "-Wextra", "-Werror", "-fsyntax-only", "-I"];
    let mut command = Command::new(compiler[0]);
    let output = command.args(&compiler[1..]).args(flags).arg(include).arg(file).output().ok()?;
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    Some(if output.status.success() { Ok(()) } else { Err(errors) })
}

#[test]
fn a_c_compiler_finds_the_header_as_rust_has_it() {
    compiles(&["cc", "-std=c99"], &assertions()).expect("cc is there, it links Rust").unwrap();
    if let Some(result) = compiles(&["c++", "-x", "c++", "-std=c++11"], &assertions()) {
        result.unwrap();
    }
}

#[test]
fn a_difference_does_not_compile() {
    let right = assertions();
    let wrongs = [
        ("offsetof(nuncio_notice, body) == 104", "offsetof(nuncio_notice, body) == 96"),
        ("sizeof(nuncio_report) == 80", "sizeof(nuncio_report) == 88"),
        ("NUNCIO_GONE == 3", "NUNCIO_GONE == 2"),
    ];
    for (as_it_is, wrong) in wrongs {
        let changed = right.replace(as_it_is, wrong);
        assert_ne!(changed, right, "{as_it_is}");
        assert!(compiles(&["cc", "-std=c99"], &changed).unwrap().is_err(), "{wrong}");
    }
}

#[test]
fn the_header_has_no_struct_and_no_constant_beyond_these() {
    let text = header();
    let words: BTreeSet<&str> = text.split(|c: char| !c.is_alphanumeric() && c != '_').collect();
    let own = ["NUNCIO_DRIVER_H", "NUNCIO_EXPORT"];
    let named: BTreeSet<&str> =
        words.iter().copied().filter(|word| word.starts_with("NUNCIO_") && !own.contains(word)).collect();
    assert_eq!(named, constants().into_iter().map(|(name, _)| name).collect());
    let structs: BTreeSet<&str> =
        text.split("typedef struct ").skip(1).filter_map(|rest| rest.split_whitespace().next()).collect();
    assert_eq!(structs, STRUCTS.iter().map(|one| one.name).collect());
    assert!(words.contains(abi::SYMBOL) && abi::SYMBOL.starts_with(abi::SYMBOL_PREFIX));
}
