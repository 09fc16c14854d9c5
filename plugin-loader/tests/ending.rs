//! The end of a driver: within its grace, or abandoned; with and without shutdown.

// The lint knows test functions, not what helps them.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use std::{sync::Arc, time::Duration};

use nuncio_core::{Driver, Outcome};
use support::{deliver, loaded, made, opened};

#[tokio::test]
async fn shutdown_completes_what_is_under_way() {
    let driver = loaded("never", 200);
    let many: Vec<_> = (0..100)
        .map(|_| {
            let driver = Arc::clone(&driver);
            tokio::spawn(async move { deliver(&*driver, "x").await.of(0) })
        })
        .collect();
    while driver.standing().in_flight < 100 {
        tokio::task::yield_now().await;
    }
    driver.shutdown(Duration::from_secs(5)).await;
    for one in many {
        assert_eq!(one.await.unwrap().outcome, Outcome::Deferred);
    }
    assert_eq!(driver.standing().in_flight, 0);
    let report = deliver(&*driver, "x").await.of(0);
    assert!(report.outcome == Outcome::Deferred && report.reason.contains("shut down"), "{report:?}");
    driver.shutdown(Duration::from_secs(5)).await;
}

#[tokio::test(start_paused = true)]
async fn a_driver_that_hangs_in_shutdown_is_abandoned() {
    let driver = loaded("hangs", 4);
    let waits = tokio::spawn({
        let driver = Arc::clone(&driver);
        async move { deliver(&*driver, "x").await.of(0) }
    });
    while driver.standing().in_flight == 0 {
        tokio::task::yield_now().await;
    }
    driver.shutdown(Duration::from_secs(1)).await;
    let report = waits.await.unwrap();
    assert!(report.maybe_sent && report.reason.contains("without a word"), "{report:?}");
}

#[tokio::test]
async fn dropped_without_shutdown_it_ends_in_the_background() {
    for name in ["inside", "never", "hangs"] {
        let driver = loaded(name, 4);
        drop(driver);
    }
    let driver = loaded("never", 4);
    let waits = tokio::spawn(async move { deliver(&*driver, "x").await.of(0) });
    tokio::task::yield_now().await;
    waits.abort();
    assert!(waits.await.unwrap_err().is_cancelled());
}

#[tokio::test]
async fn instances_live_beside_each_other() {
    let library = opened("inside");
    let create =
        || library.create("inside", serde_json::json!({}), &support::context(), &Default::default()).unwrap();
    let (old, new) = (create(), create());
    assert_eq!(deliver(&*old, "x").await.of(0).outcome, Outcome::Delivered);
    old.shutdown(Duration::from_secs(5)).await;
    assert_eq!(deliver(&*new, "x").await.of(0).outcome, Outcome::Delivered);
    new.shutdown(Duration::from_secs(5)).await;
    drop(made("inside", serde_json::json!({}), 1, &support::context()));
}
