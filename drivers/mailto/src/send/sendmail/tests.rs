//! The driver's side of `sendmail`, against a shell script that takes its place.

use std::path::Path;

use nuncio_plugin_sdk::Outcome;

use super::*;
use crate::{mailbox::address, send::Sender};

fn mail() -> Mail {
    let sender = Sender { address: address("nuncio@example.org").unwrap(), configured: true };
    let recipients = vec![address("a@x.example").unwrap(), address("-b@x.example").unwrap()];
    Mail { sender, recipients, source: b"Subject: x\r\n\r\n.\r\nend\r\n".to_vec(), ascii_source: None }
}

/// A program that runs `script`, with `$OUT` as a directory of its own.
fn program(directory: &Path, script: &str) -> Sendmail {
    let file = directory.join("sendmail");
    std::fs::write(&file, format!("OUT={}\n{script}\n", directory.display())).unwrap();
    Sendmail::of(&format!("/bin/sh {} -t -oi", file.display())).unwrap()
}

#[test]
fn recipients_are_arguments_and_never_flags() {
    let sendmail = Sendmail::of("/usr/sbin/sendmail -t -oi").unwrap();
    assert_eq!(
        sendmail.arguments(&mail()),
        ["-oi", "-f", "nuncio@example.org", "--", "a@x.example", "-b@x.example"]
    );
    assert_eq!(Sendmail::of("  "), None);
}

#[tokio::test]
async fn the_program_gets_the_message_and_the_envelope() {
    let directory = tempfile::tempdir().unwrap();
    let sendmail = program(directory.path(), "echo \"$@\" > $OUT/arguments; cat > $OUT/message");
    let report = sendmail.send(&mail(), Duration::from_secs(5)).await;
    assert_eq!(report.outcome, Outcome::Delivered, "{report:?}");
    let read = |name: &str| std::fs::read_to_string(directory.path().join(name)).unwrap();
    assert_eq!(read("arguments"), "-oi -f nuncio@example.org -- a@x.example -b@x.example\n");
    assert_eq!(read("message"), "Subject: x\n\n.\nend\n");
}

#[tokio::test]
async fn an_exit_code_says_what_happened() {
    for (code, outcome, scope) in [
        (67, Outcome::Rejected, Scope::Recipient),
        (68, Outcome::Rejected, Scope::Recipient),
        (75, Outcome::Deferred, Scope::Destination),
        (78, Outcome::Deferred, Scope::Account),
        (1, Outcome::Deferred, Scope::Destination),
    ] {
        let directory = tempfile::tempdir().unwrap();
        let sendmail = program(directory.path(), &format!("echo no such luck >&2; exit {code}"));
        let report = sendmail.send(&mail(), Duration::from_secs(5)).await;
        assert_eq!((report.outcome, report.scope, report.code), (outcome, scope, code), "{report:?}");
        assert_eq!(report.excerpt, "no such luck");
    }
}

#[tokio::test]
async fn a_program_that_hangs_is_killed() {
    let directory = tempfile::tempdir().unwrap();
    let sendmail = program(directory.path(), "exec sleep 60");
    let report = sendmail.send(&mail(), Duration::from_millis(200)).await;
    assert!(report.outcome == Outcome::Deferred && report.maybe_sent, "{report:?}");
}

#[tokio::test]
async fn a_program_that_is_not_there_is_the_operators_matter() {
    let report = Sendmail::of("/nonexistent/sendmail").unwrap().send(&mail(), Duration::from_secs(1)).await;
    assert_eq!((report.outcome, report.scope), (Outcome::Deferred, Scope::Account));
}

#[tokio::test]
async fn much_talk_does_not_block_the_program() {
    let directory = tempfile::tempdir().unwrap();
    let sendmail = program(directory.path(), "head -c 300000 /dev/zero | tr '\\0' x >&2; exit 75");
    let report = sendmail.send(&mail(), Duration::from_secs(5)).await;
    assert!(report.code == 75 && report.excerpt.len() == 500, "{report:?}");
}

#[tokio::test]
async fn a_delivery_in_the_background_is_not_waited_for() {
    let directory = tempfile::tempdir().unwrap();
    let sendmail = program(directory.path(), "cat > /dev/null; sleep 3 & exit 0");
    let report = sendmail.send(&mail(), Duration::from_secs(2)).await;
    assert_eq!(report.outcome, Outcome::Delivered, "{report:?}");
}
