//! What was published keeps loading: the drivers in tests/frozen, which are never edited.

use std::{fs, path::PathBuf, time::Duration};

use nuncio_tests::{
    Folder, Reply, Sink,
    command::{command, succeed},
    failures,
    stranger::{Package, c_compiler, c_library, root},
};
use serde_json::{Value, json};

use crate::guest::{line, origins, recipe, sent};

fn folder() -> PathBuf {
    root().join("tests/frozen")
}

#[test]
fn no_frozen_file_was_edited() {
    let mut check = command("sha256sum", Duration::from_secs(20));
    succeed(check.current_dir(folder()).args(["--check", "--strict", "--quiet", "SHA256SUMS"]));
    let sums = fs::read_to_string(folder().join("SHA256SUMS")).unwrap();
    let mut git = command("git", Duration::from_secs(20));
    let files =
        succeed(git.current_dir(folder()).args(["ls-files", "--cached", "--others", "--exclude-standard"]));
    for file in files.lines().filter(|file| !["SHA256SUMS", "README.md"].contains(file)) {
        assert!(sums.contains(&format!("  {file}\n")), "SHA256SUMS has no line of {file}");
    }
}

#[test]
fn the_c_driver_of_abi_1_0_compiles_with_its_own_header_and_with_ours() {
    let source = folder().join("abi-1.0/driver.c");
    assert_ne!(c_library(&source), c_compiler(&source, &folder().join("abi-1.0"), &["-DOWN"]));
}

#[test]
fn the_c_driver_of_abi_1_0_loads_and_delivers() {
    let library = c_compiler(&folder().join("abi-1.0/driver.c"), &folder().join("abi-1.0"), &["-DOWN"]);
    let notes = Folder::new("frozen");
    let file = notes.join("c");
    let recipe = recipe(&library, &format!("[drivers.frozen-c]\nfile = \"{}\"", file.display()));
    assert!(origins(&recipe).contains(&("frozen-c".to_owned(), "library".to_owned())));
    let mut host = recipe.delivery("show_responses = true\nretry = { schedule = [\"0s\", \"60s\"] }").start();

    sent(&host, "frozen-c:ann", "works", "delivered");
    let written = line(&file, "text=<works>");
    for part in [
        "size=1",
        "attempt=1",
        "deadline=1",
        "uri=<frozen-c:ann>",
        "recipient=0",
        "address=<ann>",
        "subject=<Frozen>",
        "queue=<>",
        "message=1",
        "kind=1",
    ] {
        assert!(written.contains(part), "{part}: {written}");
    }
    for (text, code, reason) in [("rejected", 550, "never in this form"), ("gone", 0, "moved away")] {
        let dead = sent(&host, "frozen-c:ann", text, "dead");
        let failure = failures(&dead).last().unwrap().clone();
        assert_eq!((&failure["code"], &failure["reason"]), (&json!(code), &json!(reason)), "{failure}");
    }
    let ids = host.notify(&json!({"to": ["frozen-c:ann"], "content": "deferred"}));
    let waiting = host.failed(&ids[0], 1, Duration::from_secs(20));
    assert_eq!(
        (&failures(&waiting)[0]["code"], &failures(&waiting)[0]["excerpt"]),
        (&json!(503), &json!("busy"))
    );
    let refused =
        host.request("POST", "/v2/notifications", &json!({"to": ["frozen-c:refused"], "content": "x"}));
    assert!(refused.expect(400).text().contains("write another"));
    let inbound = host.request("POST", "/v2/inbound/frozen-c/default", &json!({"said": "back"}));
    assert_eq!(inbound.expect(200).text(), json!({"said": "back"}).to_string());
    assert!(host.log().contains("the frozen driver speaks"), "{}", host.log());
    host.stop();
    assert!(line(&file, "shutdown").contains("grace=1"));
}

/// The settings of both drivers of the Rust library.
fn settings(notes: &Folder, vendor: &Sink) -> String {
    let file = |name: &str| notes.join(name).display().to_string();
    format!(
        "[drivers.frozen]\nfile = \"{}\"\nurl = \"{}\"\ntoken = \"the-token-itself\"\nnames = [\"a\"]\n\
         headers = {{ x-more = \"1\" }}\nmore = {{ count = 3, mode = \"plain\" }}\n\n\
         [drivers.frozen-batches]\nfile = \"{}\"",
        file("single"),
        vendor.url("/frozen"),
        file("batches")
    )
}

#[test]
fn the_rust_driver_of_sdk_1_0_compiles_loads_and_delivers() {
    let library = Package::copied(&folder().join("sdk-1.0")).library();
    let (notes, vendor) = (Folder::new("frozen"), Sink::start());
    vendor.on("/frozen", [Reply::Status(200)]);
    let recipe = recipe(&library, &settings(&notes, &vendor));
    let origins = origins(&recipe);
    for name in ["frozen", "frozen-batches"] {
        assert!(origins.contains(&(name.to_owned(), "library".to_owned())), "{origins:?}");
    }
    let host = recipe.delivery("retry = { schedule = [\"0s\", \"60s\"] }").start();

    for what in ["", "word", "http", "connect"] {
        deliver(&host, what, "delivered");
    }
    let single: Value = serde_json::from_str(&line(&notes.join("single"), "\"what\":\"http\"")).unwrap();
    assert_eq!((&single["by"], &single["attempt"]), (&json!("single"), &json!(1)));
    assert_eq!(single["content"], json!(["Frozen", "text", ""]));
    assert_eq!(single["recipients"], json!([[0, "frozen:ann"]]));
    let request = vendor.received("/frozen").remove(0);
    assert_eq!(request.header("authorization"), Some("Bearer the-token-itself"));
    assert_eq!((request.header("x-more"), request.webhook_id()), (Some("1"), single["id"].as_str().unwrap()));

    for (what, reason) in [("rejected", "never"), ("gone", "moved away"), ("no such thing", "")] {
        let dead = deliver(&host, what, "dead");
        assert_eq!(failures(&dead).last().unwrap()["reason"], reason, "{dead}");
    }
    let ids = host.notify(&notification("panic"));
    let panicked = host.failed(&ids[0], 1, Duration::from_secs(20));
    let why = failures(&panicked)[0]["reason"].as_str().unwrap().to_owned();
    assert!(why.contains("the frozen driver panics") && why.contains("single.rs"), "{why}");

    for n in 0..3 {
        sent(&host, "frozen-batches:ann", &format!("batch {n}"), "delivered");
        line(&notes.join("batches"), "\"by\":\"batch\"");
    }
    let answer = host.request("POST", "/v2/inbound/frozen/default/x?y=1", &json!(1)).expect(200).json();
    assert_eq!((&answer[0], &answer[1]), (&json!("/x"), &json!("y=1")));
    assert!(!host.log().contains("the-token-itself"), "{}", host.log());
}

fn notification(what: &str) -> Value {
    json!({"to": ["frozen:ann"], "content": {"subject": "Frozen", "text": "text"}, "options": {"what": what}})
}

fn deliver(host: &nuncio_tests::Host, what: &str, state: &str) -> Value {
    let ids = host.notify(&notification(what));
    host.settled(&ids[0], state, Duration::from_secs(20))
}
