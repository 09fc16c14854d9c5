//! Pull.

use super::bench::{Bench, PROJECT, QUEUE, draft, key, post};
use crate::storage::{Draft, Post, PullFilter, Pulled};

fn bodies(pulled: &[Pulled]) -> Vec<&str> {
    pulled.iter().map(|one| std::str::from_utf8(&one.body).unwrap()).collect()
}

fn all() -> PullFilter {
    PullFilter { limit: 100, ..PullFilter::default() }
}

async fn list(bench: &Bench, filter: PullFilter) -> Vec<Pulled> {
    bench.store.messages(PROJECT, QUEUE, filter).await.unwrap()
}

async fn messages_come_in_order_after_the_marker(bench: Bench) {
    let ids = bench.post(&["1", "2", "3"]).await.ids;
    let page = list(&bench, PullFilter { marker: ids[0], limit: 1, ..all() }).await;
    assert_eq!(bodies(&page), ["2"]);
    assert_eq!((page[0].id, page[0].created, page[0].ttl, page[0].claims), (ids[1], bench.now(), 3600, 0));
    assert!(bench.store.messages(PROJECT, "none", all()).await.unwrap().is_empty());
}

async fn a_client_may_leave_out_its_own(bench: Bench) {
    bench.post(&["1"]).await;
    bench.store.accept(Post { client: "other".into(), ..post(&["2"]) }).await.unwrap();
    let page = list(&bench, PullFilter { without_client: Some("producer".into()), ..all() }).await;
    assert_eq!(bodies(&page), ["2"]);
}

async fn a_delayed_message_is_hidden_until_its_time(bench: Bench) {
    let delayed = Draft { delay: Some(5), ..draft("1") };
    bench.store.accept(Post { drafts: vec![delayed], ..post(&[]) }).await.unwrap();
    assert!(list(&bench, all()).await.is_empty());
    assert!(bench.store.pop(PROJECT, QUEUE, 1).await.unwrap().is_empty());
    assert_eq!(list(&bench, PullFilter { delayed: true, ..all() }).await.len(), 1);
    bench.turn(5_000);
    assert_eq!(list(&bench, all()).await.len(), 1);
}

async fn a_message_ends_with_its_ttl_for_pull_alone(bench: Bench) {
    bench.subscribe("a.example").await;
    let id = bench.post(&["1"]).await.ids[0];
    bench.turn(3_600_000);
    assert!(list(&bench, all()).await.is_empty());
    assert!(bench.store.messages_by_id(PROJECT, QUEUE, vec![id]).await.unwrap().is_empty());
    assert_eq!(bench.store.queue_stats(PROJECT, QUEUE).await.unwrap().free, 0);
    assert_eq!(bench.state(key(id, 0)).await.name(), "waiting");
    assert_eq!(bench.backlog(10).await, [key(id, 0)]);
}

async fn messages_by_id_are_those_that_are_there(bench: Bench) {
    let ids = bench.post(&["1", "2", "3"]).await.ids;
    bench.store.delete(PROJECT, QUEUE, vec![ids[1], ids[1]]).await.unwrap();
    let found = bench.store.messages_by_id(PROJECT, QUEUE, ids.clone()).await.unwrap();
    assert_eq!(bodies(&found), ["1", "3"]);
    assert!(bench.store.messages_by_id(PROJECT, "none", ids).await.unwrap().is_empty());
}

async fn a_message_of_another_queue_is_not_deleted(bench: Bench) {
    let ids = bench.post(&["1"]).await.ids;
    bench.store.queue_put(PROJECT, "other", Default::default()).await.unwrap();
    bench.store.delete(PROJECT, "other", ids).await.unwrap();
    assert_eq!(list(&bench, all()).await.len(), 1);
}

async fn pop_takes_the_first_once(bench: Bench) {
    bench.subscribe("a.example").await;
    let ids = bench.post(&["1", "2", "3"]).await.ids;
    assert_eq!(bodies(&bench.store.pop(PROJECT, QUEUE, 2).await.unwrap()), ["1", "2"]);
    assert_eq!(bodies(&bench.store.pop(PROJECT, QUEUE, 2).await.unwrap()), ["3"]);
    assert!(bench.store.pop(PROJECT, QUEUE, 2).await.unwrap().is_empty());
    assert_eq!(bench.state(key(ids[0], 0)).await.name(), "waiting");
}

async fn stats_tell_the_oldest_and_the_newest(bench: Bench) {
    let first = bench.post(&["1"]).await.ids[0];
    let early = bench.now();
    bench.turn(1_000);
    let last = bench.post(&["2", "3"]).await.ids[1];
    let stats = bench.store.queue_stats(PROJECT, QUEUE).await.unwrap();
    assert_eq!((stats.free, stats.claimed), (3, 0));
    assert_eq!((stats.oldest, stats.newest), (Some((first, early)), Some((last, bench.now()))));
}

super::promises! {
    messages_come_in_order_after_the_marker,
    a_client_may_leave_out_its_own,
    a_delayed_message_is_hidden_until_its_time,
    a_message_ends_with_its_ttl_for_pull_alone,
    messages_by_id_are_those_that_are_there,
    a_message_of_another_queue_is_not_deleted,
    pop_takes_the_first_once,
    stats_tell_the_oldest_and_the_newest,
}
