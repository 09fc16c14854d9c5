//! Subscriptions.

use nuncio_core::SubscriptionId;

use super::bench::{Bench, PROJECT, QUEUE, key, subscription, target};
use crate::storage::{By, Subscribed, SubscriptionChange, Updated, Word};

/// The project's word.
fn word(yes: bool) -> Word {
    Word { yes, by: By::All, asking: None, tell: None }
}

async fn one_live_subscription_for_each_uri(bench: Bench) {
    let id = bench.subscribe("a.example").await;
    let again = bench.store.subscribe(PROJECT, QUEUE, subscription("a.example", 60)).await.unwrap();
    assert_eq!(again, Subscribed::Exists { id, confirmed: false });
    bench.store.subscription_confirm(PROJECT, QUEUE, id, word(true)).await.unwrap();
    let again = bench.store.subscribe(PROJECT, QUEUE, subscription("a.example", 60)).await.unwrap();
    assert_eq!(again, Subscribed::Exists { id, confirmed: true });
    assert_eq!(bench.store.subscription(PROJECT, QUEUE, id).await.unwrap().unwrap().ttl, 0);
    bench.store.subscription_end(PROJECT, QUEUE, id).await.unwrap();
    assert_ne!(bench.subscribe("a.example").await, id);
}

async fn an_expired_one_is_replaced_and_what_it_matched_is_still_delivered(bench: Bench) {
    let Subscribed::New(old) =
        bench.store.subscribe(PROJECT, QUEUE, subscription("a.example", 60)).await.unwrap()
    else {
        panic!("it was there")
    };
    let id = bench.post(&["1"]).await.ids[0];
    bench.turn(60_000);
    assert_eq!(bench.store.subscription(PROJECT, QUEUE, old).await.unwrap(), None);
    assert_ne!(bench.subscribe("a.example").await, old);
    assert_eq!(bench.state(key(id, 0)).await.name(), "waiting");
    assert_eq!(bench.post(&["2"]).await.matched[0].len(), 1);
}

async fn subscriptions_are_listed_by_id(bench: Bench) {
    let a = bench.subscribe("a.example").await;
    let b = bench.subscribe("b.example").await;
    let ids = async |marker, limit| {
        let rows = bench.store.subscriptions(PROJECT, QUEUE, marker, limit).await.unwrap();
        rows.iter().map(|row| row.id).collect::<Vec<_>>()
    };
    assert_eq!(ids(SubscriptionId::NONE, 10).await, [a, b]);
    assert_eq!(ids(SubscriptionId::NONE, 1).await, [a]);
    assert_eq!(ids(a, 10).await, [b]);
    assert_eq!(bench.store.subscription(PROJECT, "other", a).await.unwrap(), None);
    assert_eq!(bench.store.subscription("other", QUEUE, a).await.unwrap(), None);
}

async fn a_change_freezes_what_was_matched_and_renews_the_options(mut bench: Bench) {
    let id = bench.subscribe("a.example").await;
    let old = bench.post(&["1"]).await;
    bench.fresh().await;
    bench.turn(10);
    let change = SubscriptionChange {
        target: Some(("b.example".into(), target("b.example"))),
        ttl: Some(60),
        asking: None,
    };
    let done = bench.store.subscription_change(PROJECT, QUEUE, id, change).await.unwrap();
    assert_eq!(done, Updated::Done);
    let committed = bench.published.recv().await.unwrap();
    assert_eq!((committed.changed, committed.lanes.len()), (vec![id], 1));
    let row = bench.store.subscription(PROJECT, QUEUE, id).await.unwrap().unwrap();
    assert_eq!((row.uri.as_str(), row.ttl, row.since), ("b.example", 60, bench.now()));
    let view = bench.store.target(old.matched[0][0].target).await.unwrap().unwrap();
    assert_eq!((view.uri.as_str(), view.newest_uri.as_str()), ("a.example", "b.example"));
    assert_eq!(view.options.text("subject"), Some("b.example"));
    assert_eq!((view.subscription, view.queue.as_str(), view.ended), (id, QUEUE, false));
    let new = bench.post(&["2"]).await;
    assert_ne!(new.matched[0][0].target, old.matched[0][0].target);
    bench.store.subscription_end(PROJECT, QUEUE, id).await.unwrap();
    assert!(bench.store.target(old.matched[0][0].target).await.unwrap().unwrap().ended);
}

async fn a_change_to_the_uri_of_another_is_a_conflict(bench: Bench) {
    let id = bench.subscribe("a.example").await;
    bench.subscribe("b.example").await;
    let change =
        |uri: &str| SubscriptionChange { target: Some((uri.into(), target(uri))), ..Default::default() };
    let to = |uri: &str| bench.store.subscription_change(PROJECT, QUEUE, id, change(uri));
    assert_eq!(to("b.example").await.unwrap(), Updated::Conflict);
    assert_eq!(to("a.example").await.unwrap(), Updated::Done);
    let absent = bench.store.subscription_change(PROJECT, QUEUE, SubscriptionId(99), change("c")).await;
    assert_eq!(absent.unwrap(), Updated::Absent);
    assert_eq!(
        bench.store.subscription_confirm(PROJECT, QUEUE, SubscriptionId(99), word(true)).await.unwrap(),
        Updated::Absent
    );
}

super::promises! {
    one_live_subscription_for_each_uri,
    an_expired_one_is_replaced_and_what_it_matched_is_still_delivered,
    subscriptions_are_listed_by_id,
    a_change_freezes_what_was_matched_and_renews_the_options,
    a_change_to_the_uri_of_another_is_a_conflict,
}
