//! Queues.

use serde_json::{Map, json};

use super::bench::{Bench, PROJECT, QUEUE, is_full, key, post};
use crate::storage::{PullFilter, Purge, Updated};

fn all() -> PullFilter {
    PullFilter { limit: 100, ..PullFilter::default() }
}

async fn a_queue_is_made_once_and_keeps_its_metadata(bench: Bench) {
    let metadata = json!({"a": 1}).as_object().unwrap().clone();
    assert!(bench.store.queue_put(PROJECT, QUEUE, metadata.clone()).await.unwrap());
    assert!(!bench.store.queue_put(PROJECT, QUEUE, Map::new()).await.unwrap());
    assert_eq!(bench.store.queue(PROJECT, QUEUE).await.unwrap().unwrap().metadata, metadata);
    assert_eq!(bench.store.queue("another", QUEUE).await.unwrap(), None);
}

async fn metadata_is_replaced_only_at_its_version(bench: Bench) {
    bench.store.queue_put(PROJECT, QUEUE, Map::new()).await.unwrap();
    let old = bench.store.queue(PROJECT, QUEUE).await.unwrap().unwrap();
    let metadata = json!({"a": 2}).as_object().unwrap().clone();
    let set = |version| bench.store.queue_metadata(PROJECT, QUEUE, version, metadata.clone());
    assert_eq!(set(old.version).await.unwrap(), Updated::Done);
    assert_eq!(set(old.version).await.unwrap(), Updated::Conflict);
    assert_eq!(bench.store.queue(PROJECT, QUEUE).await.unwrap().unwrap().metadata, metadata);
    let absent = bench.store.queue_metadata(PROJECT, "none", 1, Map::new()).await.unwrap();
    assert_eq!(absent, Updated::Absent);
}

async fn queues_are_listed_by_name_after_the_marker(bench: Bench) {
    for name in ["c", "a", "b"] {
        bench.store.queue_put(PROJECT, name, Map::new()).await.unwrap();
    }
    let rows = bench.store.queues(PROJECT, "a", 10).await.unwrap();
    assert_eq!(rows.iter().map(|row| row.name.as_str()).collect::<Vec<_>>(), ["b", "c"]);
    assert_eq!(bench.store.queues(PROJECT, "", 1).await.unwrap().len(), 1);
}

async fn a_recreated_queue_is_another_and_empty(bench: Bench) {
    bench.subscribe("a.example").await;
    let id = bench.post(&["1"]).await.ids[0];
    let old = bench.store.queue(PROJECT, QUEUE).await.unwrap().unwrap();
    bench.store.queue_delete(PROJECT, QUEUE).await.unwrap();
    assert_eq!(bench.store.queue(PROJECT, QUEUE).await.unwrap(), None);
    assert_eq!(bench.state(key(id, 0)).await.name(), "cancelled");
    assert!(bench.store.queue_put(PROJECT, QUEUE, Map::new()).await.unwrap());
    assert_ne!(bench.store.queue(PROJECT, QUEUE).await.unwrap().unwrap().id, old.id);
    assert!(bench.store.messages(PROJECT, QUEUE, all()).await.unwrap().is_empty());
    assert_eq!(bench.post(&["2"]).await.matched[0].len(), 0);
    assert_eq!(bench.store.messages(PROJECT, QUEUE, all()).await.unwrap().len(), 1);
}

async fn a_purge_of_messages_touches_no_delivery(bench: Bench) {
    bench.subscribe("a.example").await;
    let id = bench.post(&["1"]).await.ids[0];
    let what = Purge { messages: true, subscriptions: false };
    bench.store.queue_purge(PROJECT, QUEUE, what).await.unwrap();
    assert!(bench.store.messages(PROJECT, QUEUE, all()).await.unwrap().is_empty());
    assert_eq!(bench.store.queue_stats(PROJECT, QUEUE).await.unwrap(), Default::default());
    assert_eq!(bench.state(key(id, 0)).await.name(), "waiting");
    assert_eq!(bench.post(&["2"]).await.matched[0].len(), 1);
    assert_eq!(bench.store.queue_stats(PROJECT, QUEUE).await.unwrap().free, 1);
}

async fn a_purge_of_subscriptions_keeps_the_messages(mut bench: Bench) {
    let id = bench.subscribe("a.example").await;
    bench.post(&["1"]).await;
    bench.fresh().await;
    let what = Purge { messages: false, subscriptions: true };
    bench.store.queue_purge(PROJECT, QUEUE, what).await.unwrap();
    assert_eq!(bench.published.recv().await.unwrap().changed, [id]);
    assert_eq!(bench.store.messages(PROJECT, QUEUE, all()).await.unwrap().len(), 1);
    assert_eq!(bench.post(&["2"]).await.matched[0].len(), 0);
}

async fn a_full_queue_refuses_the_whole_post_and_takes_it_when_there_is_room(_: Bench) {
    let bench = Bench::with_room(3).await;
    bench.post(&["1", "2"]).await;
    let refused = bench.store.accept(post(&["3", "4"])).await.unwrap_err();
    assert!(is_full(&refused, "queues.max_messages"), "{refused}");
    assert_eq!(bench.store.queue_stats(PROJECT, QUEUE).await.unwrap().free, 2);
    bench.store.pop(PROJECT, QUEUE, 1).await.unwrap();
    bench.post(&["3", "4"]).await;
    assert!(bench.store.accept(post(&["5"])).await.is_err());
    bench.store.queue_purge(PROJECT, QUEUE, Purge { messages: true, subscriptions: false }).await.unwrap();
    while bench.store.accept(post(&["6"])).await.is_err() {
        tokio::task::yield_now().await;
    }
}

super::promises! {
    a_queue_is_made_once_and_keeps_its_metadata,
    metadata_is_replaced_only_at_its_version,
    queues_are_listed_by_name_after_the_marker,
    a_recreated_queue_is_another_and_empty,
    a_purge_of_messages_touches_no_delivery,
    a_purge_of_subscriptions_keeps_the_messages,
    a_full_queue_refuses_the_whole_post_and_takes_it_when_there_is_room,
}
