//! Instances are made, or not.

use nuncio_plugin_sdk::{
    core::abi,
    serde_json::{self, Value, json},
};

use crate::{
    drivers::given,
    host::Host,
    made::{Made, create, empty_table, entry, manifests},
    notice::lot,
};

fn refused(settings: Value) -> (i32, String) {
    let host = Host::default();
    let (raw, mut table) = (host.raw(), empty_table());
    let said = create("single", &raw const raw, &json!({"driver": settings}).to_string(), &raw mut table);
    assert!(table.this.is_null() && table.submit.is_none(), "nothing was made");
    said
}

#[test]
fn the_drivers_of_a_library_are_listed_by_name() {
    let entry = entry();
    assert_eq!((entry.magic, entry.abi_major, entry.abi_minor), (abi::MAGIC, abi::MAJOR, abi::MINOR));
    assert_eq!(entry.size as usize, size_of::<abi::Entry>());
    let names: Vec<_> = manifests().iter().map(|one| one["name"].as_str().unwrap().to_owned()).collect();
    assert_eq!(names, ["quick", "single", "together"]);
    assert_eq!(manifests()[1]["secrets"], json!(["/password"]));
    assert!(std::ptr::eq(entry, crate::made::entry()), "it may be asked again");
}

#[test]
fn a_manifest_that_is_not_there_is_empty_and_its_driver_fails() {
    // SAFETY: an index is any number.
    assert_eq!(unsafe { entry().manifest.unwrap()(17) }.len, 0);
    let (host, mut table) = (Host::default().raw(), empty_table());
    let made = entry().create.unwrap();
    // SAFETY: an error that is null is not written.
    let status =
        unsafe { made(17, &raw const host, abi::Bytes::EMPTY, &raw mut table, std::ptr::null_mut()) };
    assert_eq!(status, abi::FAILED);
}

#[test]
fn all_that_is_wrong_with_settings_is_told_with_its_pointers() {
    let (status, error) = refused(json!({"make": "refuse"}));
    let error: Value = serde_json::from_str(&error).unwrap();
    let wanted = json!([
        {"at": "/make", "why": "this", "fix": "make something else"},
        {"at": "/password", "why": "of 4 bytes", "fix": ""},
    ]);
    assert_eq!((status, error), (abi::INVALID, wanted));
    let (status, error) = refused(json!({"maek": 1}));
    assert!(status == abi::INVALID && error.contains("maek"), "{error}");
}

#[test]
fn a_secret_is_in_no_error() {
    for settings in [
        json!({"password": ["hunter2"]}),
        json!({"password": {"hunter2": 1}}),
        json!("hunter2"),
        json!(["hunter2"]),
    ] {
        let (status, error) = refused(settings);
        assert!(status == abi::INVALID && !error.contains("hunter2"), "{error}");
    }
    let (host, mut table) = (Host::default().raw(), empty_table());
    for envelope in [r#"{"driver": {"password": "hunter2"#, r#""hunter2""#] {
        let (status, error) = create("single", &raw const host, envelope, &raw mut table);
        assert!(status == abi::FAILED && error.contains("line 1") && !error.contains("hunter2"), "{error}");
    }
}

#[test]
fn a_constructor_that_panics_names_file_and_line() {
    let (status, error) = refused(json!({"make": "panic"}));
    assert!(
        status == abi::FAILED && error.contains("drivers.rs:") && error.ends_with(": made of paper"),
        "{error}"
    );
}

#[test]
fn instances_live_side_by_side_and_share_nothing() {
    let older = Made::new("single", "older");
    let newer = Made::with("single", &json!({"host": {"account": "newer", "threads": 2}}));
    let (old, new) = (lot(["sleep"]), lot(["ok"]));
    older.submit(&old);
    newer.submit(&new);
    assert_eq!(newer.host.completed(1)[0].1[0].status, abi::DELIVERED);
    // The same token, but another instance.
    newer.cancel(&[1]);
    drop(newer);
    assert!(older.host.completed(0).is_empty());
    older.cancel(&[1]);
    assert_eq!(older.host.completed(1)[0].1[0].status, abi::CANCELLED);
    assert_eq!((given("older").len(), given("newer").len()), (1, 1));
}
