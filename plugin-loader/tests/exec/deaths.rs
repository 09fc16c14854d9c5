//! A process that dies: nothing is lost, and it lives again.

use std::time::Duration;

use nuncio_core::{Driver as _, Outcome, Scope};

use crate::support::{alive, quick, start, until};

#[tokio::test]
async fn a_death_defers_what_was_in_hand_without_burning_tries() {
    let child = start("well", quick()).await;
    let (waiting, died) = tokio::join!(child.page("d1", "wait"), child.page("d2", "die"));
    for report in [waiting, died] {
        assert_eq!((report.outcome, report.scope), (Outcome::Deferred, Scope::Account));
        assert!(report.maybe_sent && report.reason.contains("signal: 9"), "{report:?}");
    }
}

#[tokio::test]
async fn deliveries_go_on_after_a_restart() {
    let child = start("well", quick()).await;
    assert_eq!(child.page("d", "die once").await.outcome, Outcome::Deferred);
    child.up().await;
    assert_eq!(child.page("d", "die once").await.outcome, Outcome::Delivered);
    assert_eq!(child.notes().iter().filter(|line| line.starts_with("born ")).count(), 2);
}

#[tokio::test]
async fn while_it_is_down_it_says_why_and_takes_nothing() {
    let mut options = quick();
    options.backoff.first = Duration::from_secs(600);
    options.backoff.most = Duration::from_secs(600);
    let child = start("well", options).await;
    child.page("d", "die").await;
    let why = child.driver.disabled().expect("it is down");
    assert!(why.contains("signal: 9") && why.contains("started again"), "{why}");
    let report = child.page("d2", "hello").await;
    assert_eq!((report.outcome, report.scope, report.maybe_sent), (Outcome::Deferred, Scope::Account, false));
}

#[tokio::test]
async fn a_delivery_that_kills_its_process_again_and_again_burns_its_tries() {
    let child = start("well", quick()).await;
    let mut scopes = Vec::new();
    for _ in 0..4 {
        child.up().await;
        scopes.push(child.page("poison", "die").await.scope);
    }
    assert_eq!(scopes, [Scope::Account, Scope::Account, Scope::Message, Scope::Message]);
}

#[tokio::test]
async fn what_a_process_started_dies_with_it() {
    let child = start("well", quick()).await;
    child.page("d", "grandchild").await;
    let note = child.noted("grandchild ").await;
    let pid = note.rsplit(' ').next().unwrap().to_owned();
    until(|| (!alive(&pid)).then_some(())).await;
}

#[tokio::test]
async fn another_manifest_after_a_restart_keeps_it_down() {
    let child = start("changing", quick()).await;
    child.page("d", "die").await;
    let why = until(|| child.driver.disabled().filter(|why| why.contains("another"))).await;
    assert!(why.contains("restart the host"), "{why}");
}
