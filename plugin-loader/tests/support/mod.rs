//! Builds the drivers of these tests, loads them and gives them notices.

// Each test file uses its own part of this.
#![allow(dead_code, unreachable_pub)]

use std::{
    path::{Path, PathBuf},
    process::Command,
    sync::{
        Arc, Mutex,
        atomic::{AtomicI64, AtomicU32, Ordering::Relaxed},
    },
    time::Duration,
};

use nuncio_core::{
    Batch, Clock, Content, Context, Driver, HostCalls, Notice, Options, Outcomes, Recipient, Settle,
    SubscriberUri,
    net::Policy,
    wire::{Metric, Receipt},
};
use nuncio_plugin_loader::{Library, LoadOptions, Loaded};
use serde_json::{Value, json};

/// A directory of this run for what is built, which only the host's own user may write.
pub fn directory() -> PathBuf {
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join("drivers");
    std::fs::create_dir_all(&directory).unwrap();
    directory
}

/// Builds `tests/c/NAME.c` as C99 with every warning an error, with these flags besides.
pub fn built(name: &str, flags: &[&str]) -> PathBuf {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let source = root.join(format!("tests/c/{name}.c"));
    let file = format!("{name}-{}-{}.so", std::process::id(), COUNT.fetch_add(1, Relaxed));
    let library = directory().join(file);
    let output = Command::new("cc")
        .args(["-std=c99", "-pedantic", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC", "-pthread", "-g"])
        .arg("-I")
        .arg(root.join("../plugin-sdk/include"))
        .args(flags)
        .arg("-o")
        .arg(&library)
        .arg(&source)
        .output()
        .expect("these tests need a C compiler, `cc`");
    assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
    library
}

/// A library that is removed from the disk at once; it stays loaded.
pub fn opened(name: &str) -> Library {
    let path = built(name, &[]);
    let library = Library::open(&path, None);
    std::fs::remove_file(&path).unwrap();
    library.unwrap()
}

/// The driver of `tests/c/NAME.c` with so many slots.
pub fn loaded(name: &str, slots: u32) -> Arc<Loaded> {
    made(name, json!({}), slots, &context())
}

pub fn made(name: &str, settings: Value, slots: u32, context: &Context) -> Arc<Loaded> {
    let options = LoadOptions::default().in_flight(slots);
    opened(name).create(name, settings, context, &options).unwrap()
}

pub fn context() -> Context {
    Context::new(Arc::new(Noon::default()), Arc::new(Policy::default()), Duration::from_secs(30))
}

/// A clock that a test sets.
#[derive(Default)]
pub struct Noon(pub AtomicI64);

impl Clock for Noon {
    fn now_ms(&self) -> i64 {
        self.0.load(Relaxed)
    }
}

/// What a driver told its host.
#[derive(Default)]
pub struct Told(pub Mutex<(Vec<Metric>, Vec<Receipt>)>);

impl HostCalls for Told {
    fn metric(&self, metric: Metric) {
        self.0.lock().unwrap().0.push(metric);
    }

    fn receipt(&self, receipt: Receipt) {
        self.0.lock().unwrap().1.push(receipt);
    }
}

/// One delivery of `text` to one recipient.
pub async fn deliver(driver: &dyn Driver, text: &str) -> Outcomes {
    let uri = SubscriberUri::parse("x:someone").unwrap();
    let (recipients, options) = ([Recipient::new(0, "someone")], Options::default());
    let mut notice = Notice::new("d1", &uri, &recipients, &options);
    notice.content = Content::text(text);
    driver.deliver(&notice).await
}

/// What was settled of a batch.
#[derive(Default)]
pub struct Settled(pub Mutex<Vec<(usize, Outcomes)>>);

impl Settle for Settled {
    fn settle(&self, position: usize, outcomes: Outcomes) {
        self.0.lock().unwrap().push((position, outcomes));
    }
}

impl Settled {
    /// The words on recipient 0, in the order of the batch.
    pub fn words(&self) -> Vec<(usize, nuncio_core::Outcome)> {
        let mut words: Vec<_> =
            self.0.lock().unwrap().iter().map(|(position, one)| (*position, one.of(0).outcome)).collect();
        words.sort_by_key(|(position, _)| *position);
        words
    }
}

/// One batch of these texts.
pub async fn deliver_batch(driver: &dyn Driver, texts: &[&str], settled: &Settled) {
    let uri = SubscriberUri::parse("x:someone").unwrap();
    let (recipients, options) = ([Recipient::new(0, "someone")], Options::default());
    let notices: Vec<_> = texts
        .iter()
        .map(|text| {
            let mut notice = Notice::new("d1", &uri, &recipients, &options);
            notice.content = Content::text(text);
            notice
        })
        .collect();
    driver.deliver_batch(&Batch::new(&notices, settled)).await;
}
