//! docs/exec-drivers.md: every message in it is one, and its session happens as it says.

use std::{
    collections::BTreeSet,
    fs,
    io::{BufRead as _, BufReader, Write as _},
    path::Path,
    process::{Command, Stdio},
};

use nuncio_plugin_loader::exec::{FromChild, ToChild, read};
use serde_json::Value;
use tempfile::TempDir;

fn page() -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/exec-drivers.md")).unwrap()
}

/// The fenced blocks of `language` in `text`.
fn blocks<'a>(text: &'a str, language: &str) -> Vec<&'a str> {
    let fence = format!("```{language}\n");
    text.split(&fence).skip(1).map(|rest| rest.split("\n```").next().unwrap()).collect()
}

/// The examples of a chapter: the section that shows each, and the example.
fn examples(chapter: &str) -> Vec<(String, Value)> {
    let page = page();
    let (_, rest) = page.split_once(&format!("\n## {chapter}\n")).expect(chapter);
    let chapter = rest.split("\n## ").next().unwrap();
    let sections = chapter.split("\n### ").skip(1);
    let examples = sections.flat_map(|section| {
        let name = section.lines().next().unwrap().to_owned();
        let found = blocks(section, "json");
        assert!(!found.is_empty(), "`{name}` has no example");
        found.into_iter().map(move |text| (name.clone(), serde_json::from_str(text).expect(text)))
    });
    examples.collect()
}

/// That nothing in `shown` was ignored when it was read: `read` has all of its members.
fn same_members(shown: &Value, read: &Value, place: &str) {
    match (shown, read) {
        (Value::Object(shown), Value::Object(read)) => {
            for (name, value) in shown {
                let found = read.get(name).unwrap_or_else(|| panic!("{place}/{name} is unknown to the host"));
                same_members(value, found, &format!("{place}/{name}"));
            }
        }
        (Value::Array(shown), Value::Array(read)) => {
            assert_eq!(shown.len(), read.len(), "{place}");
            shown.iter().zip(read).for_each(|(shown, read)| same_members(shown, read, place));
        }
        _ => assert_eq!(shown, read, "{place}"),
    }
}

fn from_child(shown: &Value) -> Value {
    let message = read(shown.to_string().as_bytes()).unwrap_or_else(|foreign| panic!("{foreign}"));
    assert!(!matches!(message, FromChild::Unknown), "{shown}");
    serde_json::to_value(message).unwrap()
}

fn to_child(shown: &Value) -> Value {
    let message: ToChild =
        serde_json::from_value(shown.clone()).unwrap_or_else(|error| panic!("{error}: {shown}"));
    assert!(!matches!(message, ToChild::Unknown), "{shown}");
    serde_json::to_value(message).unwrap()
}

#[test]
fn every_message_of_the_driver_is_shown_and_is_one() {
    let mut types = BTreeSet::new();
    for (section, shown) in examples("From the driver") {
        assert_eq!(shown["type"], *section);
        same_members(&shown, &from_child(&shown), &section);
        types.insert(section);
    }
    let all = ["call", "completion", "hello", "log", "ready", "refused", "reply"];
    assert!(types.iter().eq(&all), "{types:?}");
}

#[test]
fn every_message_of_the_host_is_shown_and_is_one() {
    let mut types = BTreeSet::new();
    for (section, shown) in examples("From the host") {
        assert_eq!(shown["type"], *section);
        same_members(&shown, &to_child(&shown), &section);
        types.insert(section);
    }
    let all = ["batch", "call", "cancel", "create", "notice", "reply", "shutdown"];
    assert!(types.iter().eq(&all), "{types:?}");
}

#[test]
fn the_session_happens_as_the_page_says() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("pages");
    let page = page().replace("/var/spool/pages", file.to_str().unwrap());
    let session = blocks(&page, "session").pop().expect("a session");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/exec/python/driver.py");
    let mut driver = Command::new(script).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut stdin = driver.stdin.take().unwrap();
    let mut lines = BufReader::new(driver.stdout.take().unwrap()).lines();
    for line in session.lines() {
        let (who, text) = line.split_once(' ').unwrap();
        let shown: Value = serde_json::from_str(text).expect(text);
        if who == "host" {
            same_members(&shown, &to_child(&shown), "host");
            writeln!(stdin, "{}", text.trim()).unwrap();
        } else {
            same_members(&shown, &from_child(&shown), "driver");
            let said: Value = serde_json::from_str(&lines.next().expect(text).unwrap()).unwrap();
            assert_eq!(said, shown);
        }
    }
    drop(stdin);
    assert!(lines.next().is_none(), "it says more than the page");
    assert!(driver.wait().unwrap().success());
    assert_eq!(fs::read_to_string(&file).unwrap(), "ann: The kitchen is on fire\n");
}
