//! The example is a whole driver: found, made and called as a host would.

// The lint knows test functions, not what helps them.
#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "../examples/hello.rs"]
mod hello;

use std::{sync::Arc, time::Duration};

use nuncio_plugin_sdk::{
    Clock, Content, Context, Driver, Notice, Options, Outcome, Recipient, SubscriberUri,
    core::{Linked, inventory, net::Policy},
    serde_json::{Value, json},
};

struct Noon;

impl Clock for Noon {
    fn now_ms(&self) -> i64 {
        43_200_000
    }
}

fn linked() -> &'static Linked {
    inventory::iter::<Linked>
        .into_iter()
        .find(|one| (one.manifest)().name == "hello")
        .expect("hello is registered")
}

fn made(settings: Value) -> Result<Arc<dyn Driver>, String> {
    let context = Context::new(Arc::new(Noon), Arc::new(Policy::default()), Duration::from_secs(30));
    (linked().create)(settings, &context).map_err(|error| error.to_string())
}

async fn deliver(driver: &dyn Driver, text: &str) -> Outcome {
    let uri = SubscriberUri::parse("hello:World").unwrap();
    let (recipients, options) = ([Recipient::new(0, "hello:World")], Options::default());
    let mut notice = Notice::new("id-1", &uri, &recipients, &options);
    notice.content = Content::text(text);
    driver.deliver(&notice).await.of(0).outcome
}

#[test]
fn its_manifest_is_made_of_its_constants_and_types() {
    let manifest = (linked().manifest)();
    assert_eq!(
        (manifest.schemes.as_slice(), manifest.license.as_str()),
        (["hello".to_owned()].as_slice(), "Apache-2.0")
    );
    assert_eq!(manifest.settings["properties"]["file"]["description"], "Where the greetings go.");
}

#[test]
fn a_file_that_cannot_be_opened_and_a_misspelt_setting_are_refused() {
    let error = made(json!({"file": "/nowhere/greetings"})).err().unwrap();
    assert!(error.starts_with("/file: "), "{error}");
    let error = made(json!({"flie": "x"})).err().unwrap();
    assert!(error.contains("flie") && error.contains("file"), "{error}");
}

#[tokio::test]
async fn each_message_is_one_line() {
    let path = tempfile::NamedTempFile::new().unwrap().into_temp_path();
    let driver = made(json!({"file": path.to_str().unwrap()})).unwrap();
    assert_eq!(deliver(&*driver, "first\nsecond").await, Outcome::Delivered);
    assert_eq!(deliver(&*driver, "third").await, Outcome::Delivered);
    let written = std::fs::read_to_string(&path).unwrap();
    assert_eq!(written, "id-1 Hello World! first\\nsecond\nid-1 Hello World! third\n");
}

/// Linux has a file that is always full.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_full_disk_defers() {
    let driver = made(json!({"file": "/dev/full"})).unwrap();
    assert_eq!(deliver(&*driver, "x").await, Outcome::Deferred);
}
