//! Subscribers that fail, are gone, are disabled, and come back.

use std::{collections::BTreeMap, sync::Arc};

use nuncio_core::{Kind, SubscriptionId};

use super::bench::{Bench, PROJECT, QUEUE, post, target};
use crate::{
    storage::{Addressed, Finding, Found, Post, SubscriptionChange, Updated, sqlite::Limits},
    tenants::{Quota, Quotas},
};

fn gone(address: &str) -> Finding {
    Finding::Gone { address: address.into(), why: "it is gone: 410".into(), device: None }
}

async fn found(bench: &Bench, of: SubscriptionId, finding: Finding) -> Found {
    let tell = |found| {
        let to = Addressed::Queue("events".into());
        (found != Found::Nothing).then(|| Post { to, kind: Kind::Event, ..post(&["{}"]) })
    };
    bench.store.found(of, finding, bench.now(), Box::new(tell)).await.unwrap()
}

async fn events(bench: &Bench) -> u64 {
    bench.store.queue_stats(PROJECT, "events").await.unwrap().free
}

async fn matched(bench: &Bench) -> usize {
    bench.post(&["1"]).await.matched[0].len()
}

async fn what_is_gone_is_not_used_and_all_gone_is_disabled(bench: Bench) {
    let id = bench.subscribe("a.example,b.example").await;
    let frozen = bench.post(&["1"]).await.matched[0][0].target;
    assert_eq!(found(&bench, id, gone("a.example")).await, Found::Gone);
    assert_eq!(found(&bench, id, gone("a.example")).await, Found::Nothing);
    assert_eq!(found(&bench, id, gone("other.example")).await, Found::Nothing);
    assert_eq!(bench.store.target(frozen).await.unwrap().unwrap().gone, ["a.example"]);
    assert_eq!((matched(&bench).await, events(&bench).await), (1, 1));
    assert_eq!(found(&bench, id, gone("b.example")).await, Found::Disabled);
    assert_eq!((matched(&bench).await, events(&bench).await), (0, 2));
    let row = bench.store.subscription(PROJECT, QUEUE, id).await.unwrap().unwrap();
    let disabled = row.disabled.unwrap();
    assert_eq!((disabled.since, disabled.why.as_str()), (bench.now(), "it is gone: 410"));
    assert_eq!(bench.store.subscription_enable(PROJECT, QUEUE, id).await.unwrap(), Updated::Done);
    assert_eq!(matched(&bench).await, 1);
    assert!(bench.store.target(frozen).await.unwrap().unwrap().gone.is_empty());
    let absent = bench.store.subscription_enable(PROJECT, "other", id).await.unwrap();
    assert_eq!(absent, Updated::Absent);
}

async fn another_address_is_a_new_chance_and_other_options_are_not(bench: Bench) {
    let id = bench.subscribe("a.example").await;
    assert_eq!(found(&bench, id, gone("a.example")).await, Found::Disabled);
    let change =
        |uri: &str| SubscriptionChange { target: Some((uri.into(), target(uri))), ttl: None, asking: None };
    bench.store.subscription_change(PROJECT, QUEUE, id, change("a.example")).await.unwrap();
    assert_eq!(matched(&bench).await, 0);
    bench.store.subscription_change(PROJECT, QUEUE, id, change("b.example")).await.unwrap();
    assert_eq!(matched(&bench).await, 1);
    assert_eq!(bench.store.subscription(PROJECT, QUEUE, id).await.unwrap().unwrap().disabled, None);
}

async fn what_fails_is_known_after_a_restart(mut bench: Bench) {
    let (a, b) = (bench.subscribe("a.example").await, bench.subscribe("b.example").await);
    assert_eq!(found(&bench, a, Finding::Failing(20)).await, Found::Nothing);
    assert_eq!(found(&bench, b, Finding::Failing(10)).await, Found::Nothing);
    bench.reopen().await;
    assert_eq!(bench.store.failing(9).await.unwrap(), [(b, 10), (a, 20)]);
    assert_eq!(found(&bench, b, Finding::Well).await, Found::Nothing);
    assert_eq!(bench.store.failing(9).await.unwrap(), [(a, 20)]);
    assert_eq!(found(&bench, a, Finding::Failed { why: "for days".into() }).await, Found::Disabled);
    assert_eq!(found(&bench, a, Finding::Failed { why: "for days".into() }).await, Found::Nothing);
    assert_eq!((matched(&bench).await, events(&bench).await), (1, 1));
    bench.store.subscription_end(PROJECT, QUEUE, b).await.unwrap();
    assert_eq!(found(&bench, b, gone("b.example")).await, Found::Nothing);
}

async fn a_finding_stands_although_the_queue_of_events_is_full(_: Bench) {
    let bench = Bench::with_room(1).await;
    let id = bench.subscribe("a.example,b.example").await;
    assert_eq!(found(&bench, id, gone("a.example")).await, Found::Gone);
    assert_eq!(found(&bench, id, gone("b.example")).await, Found::Disabled);
    assert_eq!(events(&bench).await, 1);
    assert!(bench.store.subscription(PROJECT, QUEUE, id).await.unwrap().unwrap().disabled.is_some());
}

async fn a_finding_stands_although_the_project_may_have_no_queue_for_its_event(_: Bench) {
    let quotas = Arc::new(Quotas::new(Quota { queues: 1, ..Quota::default() }, BTreeMap::new()));
    let bench = Bench::with(Limits { quotas, ..Limits::default() }).await;
    let id = bench.subscribe("a.example").await;
    assert_eq!(found(&bench, id, gone("a.example")).await, Found::Disabled);
    assert!(bench.store.subscription(PROJECT, QUEUE, id).await.unwrap().unwrap().disabled.is_some());
    assert!(bench.store.queue(PROJECT, "events").await.unwrap().is_none());
}

super::promises! {
    a_finding_stands_although_the_project_may_have_no_queue_for_its_event,
    what_is_gone_is_not_used_and_all_gone_is_disabled,
    another_address_is_a_new_chance_and_other_options_are_not,
    what_fails_is_known_after_a_restart,
    a_finding_stands_although_the_queue_of_events_is_full,
}
