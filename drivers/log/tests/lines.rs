//! What stands in the log.

// The lint knows test functions, not what helps them.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::{
    io,
    sync::{Arc, Mutex},
    time::Duration,
};

use nuncio_driver_log as _;
use nuncio_plugin_sdk::{
    Clock, Content, Context, Driver, Meta, Notice, Options, Outcome, Recipient, SubscriberUri,
    core::{Linked, inventory, net::Policy},
    serde_json::{self, Value, json},
};
use tracing_subscriber::fmt::MakeWriter;

struct Midnight;

impl Clock for Midnight {
    fn now_ms(&self) -> i64 {
        0
    }
}

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

fn made(settings: Value) -> Result<Arc<dyn Driver>, String> {
    let context = Context::new(Arc::new(Midnight), Arc::new(Policy::default()), Duration::from_secs(30));
    let linked = inventory::iter::<Linked>.into_iter().find(|one| (one.manifest)().name == "log").unwrap();
    (linked.create)(settings, &context).map_err(|error| error.to_string())
}

async fn deliver(content: Content<'_>) -> Outcome {
    let uri = SubscriberUri::parse("log:billing").unwrap();
    let recipients = [Recipient::new(0, uri.canonical())];
    let mut meta = Meta::default();
    (meta.project, meta.queue, meta.message) = ("acme", "invoices", "m-1");
    let options = Options::default();
    let mut notice = Notice::new("d-1", &uri, &recipients, &options);
    notice.attempt = 2;
    notice.deadline_ms = 30_000;
    notice.content_type = "text/plain";
    notice.content = content;
    notice.meta = meta;
    made(Value::Null).unwrap().deliver(&notice).await.of(0).outcome
}

#[tokio::test]
async fn a_notification_is_one_structured_line() {
    let written = Written::default();
    let subscriber =
        tracing_subscriber::fmt().json().flatten_event(true).with_writer(written.clone()).finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    assert_eq!(deliver(Content::text("one\ntwo").with_subject("Paid")).await, Outcome::Delivered);
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
    deliver(Content::text("x\n2026-01-01 ERROR all is lost\r\n").with_subject("s\nt")).await;
    let text = written.text();
    assert_eq!(text.lines().count(), 1, "{text}");
    assert!(text.contains(r"[Notification] s\nt") && text.contains("all is lost"), "{text}");
}

#[test]
fn it_has_no_settings() {
    assert_eq!(made(json!({"file": "x"})).err().unwrap(), "/file: this driver has no settings");
    assert!(made(json!({})).is_ok());
}
