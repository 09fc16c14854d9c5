//! What stands in the log.

// The lint knows test functions, not what helps them.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::{
    io,
    sync::{Arc, Mutex},
};

use nuncio_driver_log as _;
use nuncio_plugin_sdk::{
    Outcome,
    serde_json::{self, Value, json},
    testing::{Letter, made},
};
use tracing_subscriber::fmt::MakeWriter;

#[derive(Clone, Default)]
struct Written(Arc<Mutex<Vec<u8>>>);

impl io::Write for Written {
    fn write(&mut self, part: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(part);
        Ok(part.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Written {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

impl Written {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

async fn deliver(subject: &str, text: &str) -> Outcome {
    let mut letter = Letter::to("log:billing").id("d-1").content(subject, text, "").queue("invoices");
    (letter.notice.attempt, letter.notice.project, letter.notice.message) = (2, "acme".into(), "m-1".into());
    letter.deliver(&*made("log", Value::Null, &[]).unwrap()).await.outcome
}

#[tokio::test]
async fn a_notification_is_one_structured_line() {
    let written = Written::default();
    let subscriber =
        tracing_subscriber::fmt().json().flatten_event(true).with_writer(written.clone()).finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    assert_eq!(deliver("Paid", "one\ntwo").await, Outcome::Delivered);
    let mut line: Value = serde_json::from_str(&written.text()).unwrap();
    line.as_object_mut().unwrap().remove("timestamp");
    let want = json!({
        "level": "INFO", "target": "nuncio::notification", "message": "[Notification] Paid", "id": "d-1",
        "attempt": 2, "name": "billing", "project": "acme", "queue": "invoices", "message_id": "m-1",
        "subject": "Paid", "text": "one\\ntwo",
    });
    assert_eq!(line, want);
}

#[tokio::test]
async fn a_message_cannot_forge_a_line_of_a_plain_log() {
    let written = Written::default();
    let subscriber = tracing_subscriber::fmt().with_ansi(false).with_writer(written.clone()).finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    deliver("s\nt", "x\n2026-01-01 ERROR all is lost\r\n").await;
    let text = written.text();
    assert_eq!(text.lines().count(), 1, "{text}");
    assert!(text.contains(r"[Notification] s\nt") && text.contains("all is lost"), "{text}");
}

#[test]
fn it_has_no_settings() {
    let refused = made("log", json!({"file": "x"}), &[]).err().unwrap().to_string();
    assert_eq!(refused, "/file: this driver has no settings");
    assert!(made("log", json!({}), &[]).is_ok());
}
