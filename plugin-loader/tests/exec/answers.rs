//! What a driver says of its deliveries, and what it answers.

use std::{collections::BTreeMap, fs, sync::Mutex, time::Duration};

use futures_util::future::join_all;
use nuncio_core::{
    Batch, Driver as _, Notice, Options, Outcome, Outcomes, Recipient, Scope, Settle,
    wire::{Device, Inbound},
};
use serde_json::json;

use crate::support::{quick, start, try_start, until, uri};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_notices_at_once_have_one_outcome_each_and_their_own() {
    let mut options = quick();
    options.in_flight = 64;
    let child = start("well", options).await;
    let ids: Vec<String> = (0..1_000).map(|n| format!("d{n}")).collect();
    let reports = join_all(ids.iter().map(|id| child.page(id, "hello"))).await;
    for (id, report) in ids.iter().zip(reports) {
        assert_eq!((report.outcome, &report.provider_id), (Outcome::Delivered, id));
    }
    let mut seen: BTreeMap<String, u32> = BTreeMap::new();
    child
        .notes()
        .into_iter()
        .filter(|line| line.starts_with("hello"))
        .for_each(|line| *seen.entry(line).or_default() += 1);
    assert_eq!((seen.len(), seen.values().max()), (1_000, Some(&1)));
}

#[tokio::test]
async fn each_recipient_has_its_own_report_or_that_of_all() {
    let child = start("well", quick()).await;
    let outcomes = child.pages("d", "shares", 3).await;
    let all = [0, 1, 2].map(|index| outcomes.of(index).outcome);
    assert_eq!(all, [Outcome::Delivered, Outcome::Gone, Outcome::Delivered]);
}

#[derive(Default)]
struct Settled(Mutex<BTreeMap<usize, Outcomes>>);

impl Settle for Settled {
    fn settle(&self, position: usize, outcomes: Outcomes) {
        assert!(self.0.lock().unwrap().insert(position, outcomes).is_none(), "{position} was settled");
    }
}

#[tokio::test]
async fn a_batch_goes_in_one_message_and_each_item_is_settled_by_itself() {
    let child = start("batch", quick()).await;
    let (uri, options, recipients) = (uri("child:a"), Options::default(), [Recipient::new(0, "a")]);
    let notices = ["hello", "shares", "die", "hello"].map(|text| {
        let mut notice = Notice::new("d", &uri, &recipients, &options);
        notice.content.text = text;
        notice
    });
    let settled = Settled::default();
    child.driver.deliver_batch(&Batch::new(&notices, &settled)).await;
    let settled = settled.0.into_inner().unwrap();
    let outcomes: Vec<_> = settled.values().map(|outcomes| outcomes.of(0)).collect();
    let words: Vec<_> = outcomes.iter().map(|report| (report.outcome, report.maybe_sent)).collect();
    let (delivered, died) = ((Outcome::Delivered, false), (Outcome::Deferred, true));
    assert_eq!(words, [delivered, delivered, died, died]);
    assert_eq!(child.noted("batch").await, "batch of 4");
}

#[tokio::test]
async fn check_render_and_receive_are_asked_of_the_process() {
    let child = try_start("well", json!({"password": "s3cret-word"}), quick()).await.unwrap();
    let checked = child.driver.check(&uri("child:a"), &Options::default()).await.unwrap();
    assert_eq!(checked.destination, "desk");
    let refusal = child.driver.check(&uri("child:bad"), &Options::default()).await.unwrap_err();
    assert_eq!(refusal.to_string(), "uri: bad ***; x");
    let (uri, options) = (uri("child:a"), Options::default());
    let mut notice = Notice::new("d", &uri, &[], &options);
    notice.content.text = "ann";
    assert_eq!(child.driver.render(&notice).await.unwrap(), "to send: ann ***");
    let answer = child.driver.receive(&Inbound::default(), b"\xff\x00").await.unwrap();
    assert_eq!((answer.status, answer.body), (200, b"\xff\x00".to_vec()));
}

#[tokio::test]
async fn a_call_without_an_answer_ends_in_time() {
    let mut options = quick();
    options.call = Duration::from_millis(100);
    let child = start("well", options).await;
    let refusal = child.driver.check(&uri("child:slow"), &Options::default()).await.unwrap_err();
    assert!(refusal.why.contains("no answer within 100 ms"), "{refusal}");
}

#[tokio::test]
async fn figures_and_receipts_reach_the_host_and_each_question_has_a_reply() {
    let child = start("well", quick()).await;
    let report = child.page("d", "figures").await;
    assert_eq!((report.outcome, report.reason.as_str()), (Outcome::Delivered, "ok unsupported"));
    assert_eq!(*child.told.0.lock().unwrap(), ["pages 2", "p1 Delivered"]);
}

#[tokio::test]
async fn a_device_reaches_the_process_that_asks_for_it() {
    let child = start("well", quick()).await;
    let told = child.asks("home").await;
    assert!(told.starts_with("ok {") && told.contains("d1 of home"), "{told}");
    assert_eq!(child.asks("busy").await, "failed \"the store is busy\"");
}

#[tokio::test]
async fn a_device_is_kept_as_the_process_says_or_refused() {
    let child = start("well", quick()).await;
    let kept = child.driver.check_device(Device::new("child", "AB12")).await.unwrap();
    assert_eq!((kept.address.as_str(), kept.scheme.as_str()), ("ab12", "child"));
    let refusal = child.driver.check_device(Device::new("child", "")).await.unwrap_err();
    assert_eq!(refusal.to_string(), "/address: it is empty; ab12");
}

#[tokio::test]
async fn a_driver_that_says_it_is_disabled_is_so_until_it_says_otherwise() {
    let mut options = quick();
    options.ask = Duration::from_millis(10);
    let child = start("asked", options).await;
    assert_eq!(child.driver.disabled(), None, "it was asked before");
    fs::write(child.file("paper"), "").unwrap();
    assert_eq!(until(|| child.driver.disabled()).await, "out of paper");
    fs::remove_file(child.file("paper")).unwrap();
    child.up().await;
    let checked = child.driver.check(&uri("child:a"), &Options::default()).await.unwrap();
    assert_eq!(checked.destination, "child", "it lists no `check`: the host's own reading counts");
}

#[tokio::test]
async fn a_message_longer_than_a_line_is_rejected_by_name() {
    let child = start("well", quick()).await;
    let report = child.page("d", &"x".repeat(nuncio_plugin_loader::exec::LINE_BYTES)).await;
    assert_eq!((report.outcome, report.scope), (Outcome::Rejected, Scope::Message));
    assert!(report.reason.contains("LINE_BYTES, 16 MiB"), "{}", report.reason);
    let text = "x".repeat(nuncio_plugin_loader::exec::LINE_BYTES);
    let (uri, options) = (uri("child:a"), Options::default());
    let mut notice = Notice::new("d", &uri, &[], &options);
    notice.content.text = &text;
    let refusal = child.driver.render(&notice).await.unwrap_err();
    assert!(refusal.why.contains("LINE_BYTES, 16 MiB"), "{refusal}");
    assert_eq!(child.page("d", "hello").await.outcome, Outcome::Delivered);
}
