//! Changed settings are a new instance beside the old: nothing is lost and nothing is sent twice.

use std::{collections::BTreeSet, fs, path::Path};

use nuncio_tests::{Folder, Host, Recipe, until};
use serde_json::{Value, json};

use super::shared::fickle;
use crate::clock::SOON;

fn recipe(file: &Path, name: &str) -> Recipe {
    let file = file.display();
    Recipe::new()
        .library(&fickle())
        .section(&format!("[drivers.fickle]\nfile = \"{file}\"\nname = \"{name}\""))
}

/// Who delivered what, a line each.
fn written(file: &Path) -> Vec<(String, String)> {
    let text = fs::read_to_string(file).unwrap_or_default();
    text.lines().filter_map(|line| line.split_once(' ')).map(|(a, b)| (a.to_owned(), b.to_owned())).collect()
}

fn post(host: &Host, from: u32) {
    let bodies: Vec<Value> = (from..from + 100).map(|n| json!(n)).collect();
    host.post("q", &bodies);
}

#[test]
fn a_new_instance_takes_over_and_every_message_is_delivered_once() {
    let folder = Folder::new("reload");
    let file = folder.join("written");
    let host = recipe(&file, "old").start();
    host.subscribe("q", "fickle:ok", &json!({}));
    post(&host, 0);
    until("the old instance to deliver", SOON, || (!written(&file).is_empty()).then_some(()));

    recipe(&file, "new").write(host.folder());
    let answer = host.request("POST", "/v2/reload", &Value::Null).expect(200).text();
    assert!(answer.contains("fickle"), "it says what it applied: {answer}");
    post(&host, 100);
    until("all 200 to be delivered", SOON, || (written(&file).len() >= 200).then_some(()));
    let lines = written(&file);
    let ids: BTreeSet<_> = lines.iter().map(|(_, id)| id).collect();
    assert_eq!((lines.len(), ids.len()), (200, 200), "once each");
    let new = lines.iter().filter(|(name, _)| name == "new").count();
    assert!(new >= 100, "what was posted after the answer is delivered by the new one: {new}");
}

#[test]
fn settings_that_are_refused_leave_the_old_instance_in_place() {
    let folder = Folder::new("reload");
    let file = folder.join("written");
    let host = recipe(&file, "old").start();
    recipe(&file, "new").section("explode = true").write(host.folder());
    let answer = host.request("POST", "/v2/reload", &Value::Null).text();
    assert!(answer.contains("told to explode"), "it says why: {answer}");
    let ids = host.notify(&json!({"to": ["fickle:ok"], "content": "x"}));
    host.settled(&ids[0], "delivered", SOON);
    assert_eq!(written(&file)[0].0, "old");
}
