//! A driver that panics at every tenth attempt.

use std::{collections::BTreeSet, fs};

use nuncio_tests::{Accepted, Folder, Recipe, Sink, until};
use serde_json::{Value, json};

use super::shared::settled;
use crate::{clock::SOON, plugins::fickle};

const MESSAGES: usize = 2000;

#[test]
fn a_driver_that_panics_at_every_tenth_attempt_delivers_all_in_the_end() {
    let (folder, sink) = (Folder::new("panics"), Sink::start());
    let file = folder.join("written");
    let settings = format!("[drivers.fickle]\nfile = \"{}\"\nname = \"it\"", file.display());
    let at_once = "retry = { schedule = [\"0s\", \"0s\", \"0s\", \"0s\", \"0s\", \"0s\"] }";
    let host = Recipe::new().library(&fickle()).section(&settings).delivery(at_once).start();
    host.subscribe("q", "fickle:tenth", &json!({}));
    host.subscribe("q", &sink.url("/hook"), &json!({}));
    let mut accepted = Accepted::default();
    for from in (0..MESSAGES).step_by(50) {
        let bodies: Vec<Value> = (from..from + 50).map(|n| json!(n)).collect();
        accepted.messages(&host.post("q", &bodies), 2);
    }

    let written = || fs::read_to_string(&file).unwrap_or_default().lines().count();
    until("all to be written", SOON * 2, || (written() >= MESSAGES).then_some(()));
    let account = settled(&host);
    account.closes(&accepted);
    assert_eq!(account.count("delivered"), 2 * MESSAGES, "{account}");
    let text = fs::read_to_string(&file).unwrap();
    let ids: BTreeSet<&str> = text.lines().collect();
    assert_eq!((ids.len(), text.lines().count()), (MESSAGES, MESSAGES), "once each");
    assert_eq!((sink.taken_ids().len(), sink.count()), (MESSAGES, MESSAGES), "the other endpoint, too");
    let attempts = host.metric("nuncio_attempts_total");
    let least = 2 * MESSAGES + MESSAGES / 10;
    assert!(attempts >= least as f64, "{attempts} attempts: the driver did not panic");
    eprintln!("{account} by {attempts} attempts");
}
