//! Processes that break the rules: each harms its own deliveries alone.

use std::time::Duration;

use nuncio_core::{Driver as _, Outcome};

use crate::support::{Child, quick, start, until};

async fn delivered(child: &Child, text: &str) {
    let report = child.page("d", text).await;
    assert_eq!(report.outcome, Outcome::Delivered, "{text}: {report:?}");
}

#[tokio::test]
async fn what_is_no_message_is_passed_over() {
    let child = start("well", quick()).await;
    for text in ["garbage", "huge", "hello"] {
        delivered(&child, text).await;
    }
    assert_eq!(child.notes().iter().filter(|line| line.starts_with("born ")).count(), 1);
}

#[tokio::test]
async fn a_second_word_and_a_word_on_another_token_do_not_count() {
    let child = start("well", quick()).await;
    for text in ["twice", "forged", "hello"] {
        delivered(&child, text).await;
    }
}

#[tokio::test]
async fn a_process_that_stops_reading_holds_its_own_deliveries_alone() {
    let mut options = quick();
    options.stall = Duration::from_millis(500);
    let (deaf, well) = tokio::join!(start("well", options), start("well", quick()));
    delivered(&deaf, "deaf").await;
    // More than a pipe holds, so that the host has to wait with the rest.
    let text = "x".repeat(1 << 20);
    let unread = deaf.page("unread", &text);
    let others = async {
        for _ in 0..20 {
            delivered(&well, "hello").await;
        }
    };
    let (report, ()) = tokio::join!(unread, others);
    assert_eq!(report.outcome, Outcome::Deferred);
    assert!(report.reason.contains("did not read its stdin"), "{report:?}");
    deaf.up().await;
    delivered(&deaf, "hello").await;
}

#[tokio::test]
async fn a_delivery_that_is_dropped_is_cancelled_in_the_process_and_its_slot_is_free_again() {
    let mut options = quick();
    options.in_flight = 1;
    let child = start("well", options).await;
    let dropped = tokio::select! {
        report = child.page("d7", "wait") => Some(report),
        _ = child.noted("wait d7") => None,
    };
    assert!(dropped.is_none());
    delivered(&child, "hello").await;
    assert!(child.notes().contains(&"cancel d7".to_owned()), "{:?}", child.notes());
}

#[tokio::test]
async fn a_process_that_heeds_no_cancel_is_started_anew() {
    let mut options = quick();
    options.stall = Duration::from_millis(200);
    let child = start("well", options).await;
    tokio::select! {
        report = child.page("d1", "ignore") => panic!("{report:?}"),
        _ = child.noted("ignore") => {}
    }
    until(|| (child.notes().iter().filter(|line| line.starts_with("born ")).count() == 2).then_some(()))
        .await;
    child.up().await;
    assert_eq!(child.driver.disabled(), None);
    delivered(&child, "hello").await;
}
