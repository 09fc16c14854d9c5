//! Drivers that break a rule each: none harms another delivery, and none is believed.

// The lint knows test functions, not what helps them.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use std::time::Duration;

use nuncio_core::{Driver, Outcome, Scope};
use support::{Settled, deliver, deliver_batch, loaded};

#[tokio::test]
async fn a_second_completion_is_ignored_and_counted() {
    let driver = loaded("twice", 4);
    for _ in 0..5 {
        assert_eq!(deliver(&*driver, "x").await.of(0).outcome, Outcome::Delivered);
    }
    let standing = driver.standing();
    assert_eq!((standing.refused, standing.in_flight), (5, 0));
}

#[tokio::test]
async fn a_forged_completion_is_ignored_and_counted() {
    let driver = loaded("forged", 2);
    for round in 1..4 {
        let (one, two) = tokio::join!(deliver(&*driver, "x"), deliver(&*driver, "x"));
        assert_eq!((one.of(0).outcome, two.of(0).outcome), (Outcome::Delivered, Outcome::Delivered));
        assert_eq!(driver.standing().refused, round * 12);
    }
    assert_eq!(driver.standing().in_flight, 0);
}

#[tokio::test]
async fn garbage_in_reports_is_bounded_and_read_as_text() {
    let driver = loaded("garbage", 4);
    let report = |text: &'static str| {
        let driver = std::sync::Arc::clone(&driver);
        async move { deliver(&*driver, text).await.of(0) }
    };
    assert_eq!(report("not utf-8").await.reason, "a\u{fffd} b");
    assert_eq!(report("large").await.reason.len(), 1024);
    assert_eq!(report("impossible").await.reason, "");
    assert_eq!(report("null text").await.reason, "");
    let unknown = report("unknown words").await;
    assert_eq!((unknown.outcome, unknown.scope), (Outcome::Deferred, Scope::Recipient));
    assert!(unknown.maybe_sent && unknown.reason.contains("57"), "{unknown:?}");
    for nothing in ["no reports", "null report", "not aligned"] {
        let silent = report(nothing).await;
        assert!(silent.outcome == Outcome::Deferred && silent.maybe_sent, "{nothing}: {silent:?}");
    }
    assert_eq!(report("no size").await.outcome, Outcome::Deferred, "nothing lies inside its size");
    assert_eq!(report("failed").await.outcome, Outcome::Deferred);
    for much in ["too many reports", "anything"] {
        assert_eq!(report(much).await.outcome, Outcome::Rejected, "{much}");
    }
    assert_eq!(driver.standing().in_flight, 0);
}

#[tokio::test(start_paused = true)]
async fn a_delivery_that_is_given_up_keeps_its_slot_until_it_is_completed() {
    let driver = loaded("never", 2);
    let limit = Duration::from_millis(50);
    for taken in 1..3 {
        assert!(tokio::time::timeout(limit, deliver(&*driver, "x")).await.is_err());
        let standing = driver.standing();
        assert_eq!((standing.in_flight, standing.abandoned), (taken, taken));
    }
    assert!(driver.disabled().unwrap().contains("all 2 slots"), "deliveries wait while none can be made");
    let waiting = tokio::time::timeout(limit, deliver(&*driver, "x")).await;
    assert!(
        waiting.is_err() && driver.standing().in_flight == 2,
        "back-pressure within the caller's deadline"
    );
}

#[tokio::test(start_paused = true)]
async fn a_late_completion_frees_its_slot_and_reaches_nobody() {
    let driver = loaded("never", 2);
    assert!(tokio::time::timeout(Duration::from_millis(50), deliver(&*driver, "x")).await.is_err());
    assert_eq!(deliver(&*driver, "let go").await.of(0).outcome, Outcome::Delivered);
    let standing = driver.standing();
    assert_eq!((standing.in_flight, standing.abandoned, standing.refused), (0, 0, 0));
}

#[tokio::test(start_paused = true)]
async fn a_delivery_that_is_given_up_is_cancelled() {
    let driver = loaded("obeys", 1);
    for _ in 0..3 {
        assert!(tokio::time::timeout(Duration::from_millis(50), deliver(&*driver, "x")).await.is_err());
        let standing = driver.standing();
        assert_eq!((standing.in_flight, standing.abandoned, standing.refused), (0, 0, 0), "it completed it");
    }
}

#[tokio::test(start_paused = true)]
async fn items_of_a_batch_that_completed_keep_their_outcome() {
    let driver = loaded("obeys", 8);
    let settled = Settled::default();
    let batch = deliver_batch(&*driver, &["x"; 3], &settled);
    assert!(tokio::time::timeout(Duration::from_millis(50), batch).await.is_err());
    assert_eq!(settled.words(), []);
    let driver = loaded("never", 8);
    let batch = deliver_batch(&*driver, &["at once", "x", "x"], &settled);
    assert!(tokio::time::timeout(Duration::from_millis(50), batch).await.is_err());
    assert_eq!(settled.words(), [(0, Outcome::Rejected)]);
    assert_eq!(driver.standing().abandoned, 2);
}

#[tokio::test(start_paused = true)]
async fn who_waits_for_a_slot_gets_it_when_one_is_completed() {
    let driver = loaded("never", 1);
    assert!(tokio::time::timeout(Duration::from_millis(50), deliver(&*driver, "x")).await.is_err());
    let waits = deliver(&*driver, "at once");
    tokio::pin!(waits);
    assert!(tokio::time::timeout(Duration::from_millis(50), &mut waits).await.is_err());
    driver.shutdown(Duration::from_secs(1)).await;
    let report = waits.await.of(0);
    assert!(report.outcome == Outcome::Deferred && report.reason.contains("shut down"), "{report:?}");
}
