//! What a driver logs. Alone in its process, whose subscriber it sets.

// The lint knows test functions, not what helps them.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use std::{
    io,
    sync::{Arc, Mutex, atomic::Ordering::Relaxed},
    time::Duration,
};

use nuncio_core::{Context, net::Policy};
use serde_json::json;
use support::{Noon, deliver, made};

/// Keeps what is logged.
#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Vec<u8>>>);

impl io::Write for Kept {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn a_log_record_names_the_driver_shows_no_secret_and_there_are_not_too_many() {
    let kept = Kept::default();
    let writer = kept.clone();
    let subscriber = tracing_subscriber::fmt().with_writer(move || writer.clone()).with_ansi(false).finish();
    tracing::subscriber::set_global_default(subscriber).unwrap();
    let noon = Arc::new(Noon::default());
    let clock = Arc::clone(&noon);
    let context = Context::new(clock, Arc::new(Policy::default()), Duration::from_secs(30));
    let driver = made("methods", json!({"password": "hunter22"}), 4, &context);
    for _ in 0..300 {
        deliver(&*driver, "x").await;
    }
    let text = || String::from_utf8(kept.0.lock().unwrap().clone()).unwrap();
    let record = "password *** refused by peer";
    assert_eq!(
        text().matches(record).count(),
        200,
        "of one second: {}",
        text().lines().next().unwrap_or_default()
    );
    assert!(
        text().contains("nuncio::driver")
            && text().contains("driver=\"methods\"")
            && text().contains("module=\"send\"")
    );
    assert!(!text().contains("hunter22"));
    noon.0.store(2_000, Relaxed);
    deliver(&*driver, "x").await;
    assert!(text().contains("left_out=100"), "{}", text().lines().last().unwrap_or_default());
}
