//! Loads a driver, delivers notices and says what became of them: to try a library, and to run it under Valgrind or a
//! sanitizer.
//!
//! ```text
//! deliver PATH [SETTINGS [URI [COUNT [BATCH]]]]
//! ```
//!
//! SETTINGS is JSON (`{}`), URI whom to deliver to (`SCHEME:someone` of the driver's first scheme), COUNT how many notices
//! (1), BATCH how many at once (1). Prints each outcome with its count, and exits with 1 unless all were delivered.

use std::{
    collections::BTreeMap,
    env,
    error::Error,
    path::Path,
    process::ExitCode,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use nuncio_core::{
    Batch, Clock, Content, Context, Driver, Notice, Options, Outcomes, Recipient, Settle, SubscriberUri,
    net::Policy,
};
use nuncio_plugin_loader::{Library, LoadOptions, Loaded};

/// How long one batch may take, and the shutdown.
const LIMIT: Duration = Duration::from_secs(30);

/// A clock that stands still: nothing here depends on the time.
struct Epoch;

impl Clock for Epoch {
    fn now_ms(&self) -> i64 {
        0
    }
}

/// Counts what each outcome was.
#[derive(Default)]
struct Tally(Mutex<BTreeMap<String, usize>>);

impl Settle for Tally {
    fn settle(&self, _: usize, outcomes: Outcomes) {
        let report = outcomes.of(0);
        let line = format!("{:?} {}", report.outcome, report.reason);
        *self
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .entry(line.trim_end().to_owned())
            .or_default() += 1;
    }
}

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let argument =
        |at: usize, otherwise: &str| arguments.get(at).map_or(otherwise, String::as_str).to_owned();
    let path = arguments.first().ok_or("usage: deliver PATH [SETTINGS [URI [COUNT [BATCH]]]]")?;
    let settings = serde_json::from_str(&argument(1, "{}"))?;
    let (count, batch) = (argument(3, "1").parse()?, argument(4, "1").parse()?);

    let library = Library::open(Path::new(path), None)?;
    let manifest = library.manifests().first().ok_or("the library has no driver")?;
    let scheme = manifest.schemes.first().ok_or("the driver has no scheme")?;
    let uri = SubscriberUri::parse(&argument(2, &format!("{scheme}:someone")))?;
    let context = Context::new(Arc::new(Epoch), Arc::new(Policy::default()), LIMIT);
    let driver = library.create(&manifest.name, settings, &context, &LoadOptions::default())?;

    let tally = Tally::default();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let delivered = runtime.block_on(async {
        let all = deliver(&driver, &uri, count, batch, &tally).await;
        driver.shutdown(LIMIT).await;
        all
    });
    let tally = tally.0.into_inner().unwrap_or_else(PoisonError::into_inner);
    for (outcome, count) in &tally {
        println!("{count} {outcome}");
    }
    let all_delivered = delivered && tally.keys().eq(["Delivered"]);
    Ok(if all_delivered { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Delivers `count` notices, `at_once` at once. `false`: a batch took too long.
async fn deliver(driver: &Loaded, uri: &SubscriberUri, count: usize, at_once: usize, tally: &Tally) -> bool {
    let addresses = uri.addresses();
    let recipients: Vec<_> =
        (0..).zip(&addresses).map(|(index, address)| Recipient::new(index, address)).collect();
    let options = Options::default();
    let mut notice = Notice::new("delivery-1", uri, &recipients, &options);
    notice.content = Content::text("Hello from the loader").with_subject("Hello");
    let notices = vec![notice; at_once.max(1)];
    let mut left = count;
    while left > 0 {
        let some = notices.get(..left.min(notices.len())).unwrap_or_default();
        left -= some.len();
        let batch = Batch::new(some, tally);
        if tokio::time::timeout(LIMIT, driver.deliver_batch(&batch)).await.is_err() {
            return false;
        }
    }
    true
}
