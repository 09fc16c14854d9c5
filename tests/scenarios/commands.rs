//! The command line: one shot, no server needed.

use std::{process::Output, time::Duration};

use nuncio_tests::{
    Folder, Recipe, Reply, Sink, binary,
    command::{command, run},
};
use serde_json::Value;

/// `nuncio` with these arguments, allowed to reach loopback.
fn nuncio(arguments: &[&str]) -> Output {
    let folder = Folder::new("send");
    let mut nuncio = command(binary(), Duration::from_secs(60));
    nuncio.arg("--config").arg(Recipe::new().write(&folder));
    run(nuncio.args(arguments))
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&[&output.stdout[..], &output.stderr].concat()).into_owned()
}

#[test]
fn send_delivers_without_a_server() {
    let sink = Sink::start();
    let output = nuncio(&["send", &sink.url("/once"), "--subject", "Hello", "--body", "a word"]);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let received = sink.received("/once");
    assert_eq!(received.len(), 1);
    assert!(String::from_utf8_lossy(&received[0].body).contains("a word"));
}

#[test]
fn send_tells_by_its_exit_code_whether_trying_again_may_help() {
    let sink = Sink::start();
    let meanings = [(503, 75, "EX_TEMPFAIL"), (404, 69, "EX_UNAVAILABLE")];
    for (status, code, meaning) in meanings {
        let path = format!("/{status}");
        sink.on(&path, [Reply::Status(status)]);
        let output = nuncio(&["send", &sink.url(&path), "--body", "x"]);
        assert_eq!(output.status.code(), Some(code), "{meaning}: {}", said(&output));
    }
}

#[test]
fn a_dry_run_shows_the_request_and_sends_nothing() {
    let sink = Sink::start();
    let output = nuncio(&["send", "--dry-run", &sink.url("/dry"), "--body", "a word"]);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    assert!(said(&output).contains("POST") && said(&output).contains("a word"), "{}", said(&output));
    assert_eq!(sink.count(), 0);
}

#[test]
fn drivers_and_explanations_come_as_json_too() {
    let output = nuncio(&["drivers", "list", "--json"]);
    let drivers: Value =
        serde_json::from_slice(&output.stdout).unwrap_or_else(|e| panic!("{e}: {}", said(&output)));
    for name in ["http", "mailto", "log"] {
        assert!(drivers.to_string().contains(&format!("\"{name}\"")), "{name} is missing: {drivers}");
    }
    let output = nuncio(&["explain", "--json", "mailto:ann@example.test,bob@example.test?subject=x"]);
    let explained: Value =
        serde_json::from_slice(&output.stdout).unwrap_or_else(|e| panic!("{e}: {}", said(&output)));
    assert!(explained.to_string().contains("bob@example.test"), "{explained}");
}

#[test]
fn an_explanation_says_what_a_text_becomes() {
    let folder = Folder::new("explain");
    let accounts = "[drivers.sms.accounts.oslo]\nkind = \"smpp\"\nurl = \"smpp://127.0.0.1:2775\"\n\
                    system_id = \"nuncio\"\npassword = \"hushhush\"";
    let mut nuncio = command(binary(), Duration::from_secs(60));
    nuncio.arg("--config").arg(Recipe::new().section(accounts).write(&folder));
    let text = format!("{}\u{20ac}", "x".repeat(159));
    let output = run(nuncio.args(["explain", "sms:+15551230101", "--body", &text]));
    let said = said(&output);
    assert_eq!(output.status.code(), Some(0), "{said}");
    assert!(said.contains("destination") && said.contains("GSM") && said.contains("2 parts"), "{said}");
    assert!(!said.contains("hushhush"), "{said}");
}

#[test]
fn check_accepts_what_serve_accepts() {
    let output = nuncio(&["check"]);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
}
