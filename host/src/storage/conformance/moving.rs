//! A backlog that follows its subscription.

use nuncio_core::{LaneId, MessageId, Why};

use super::bench::{Bench, PROJECT, QUEUE, key, target, waits};
use crate::storage::SubscriptionChange;

fn to(uri: &str) -> SubscriptionChange {
    SubscriptionChange { target: Some((uri.into(), target(uri))), ttl: None, asking: None }
}

async fn rows(bench: &Bench, lane: LaneId) -> usize {
    let beginning = (i64::MIN, key(MessageId::NONE, 0));
    bench.store.load(lane, beginning, i64::MAX, 10_000).await.unwrap().rows.len()
}

async fn a_mended_address_rescues_all_that_waits(mut bench: Bench) {
    let id = bench.subscribe("a.example/1").await;
    let other = bench.subscribe("a.example/2").await;
    let bodies = vec!["1"; 1500];
    let ids = bench.post(&bodies).await.ids;
    let fresh = bench.fresh().await;
    let old = fresh[0].lane;
    let wait = fresh.iter().map(|one| waits(key(one.message, one.first), old, one.target, 500, Why::Retry));
    bench.record(wait.collect()).await;
    assert_eq!(rows(&bench, old).await, 3000);
    bench.store.subscription_change(PROJECT, QUEUE, id, to("b.example/1")).await.unwrap();
    let (mut moved, mut new) = (0, old);
    while moved < 1500 {
        let scheduled = bench.scheduled().await;
        assert_eq!(scheduled[0].1, 500);
        new = scheduled[0].0;
        moved = rows(&bench, new).await;
    }
    assert_ne!(new, old);
    assert_eq!((moved, rows(&bench, old).await), (1500, 1500));
    assert_eq!(bench.delivery(key(ids[0], 0)).await.destination, "b.example");
    let stays = bench.delivery(key(ids[0], 1)).await;
    assert_eq!((stays.destination.as_str(), stays.subscription), ("a.example", other));
}

async fn of_several_addresses_none_moves(mut bench: Bench) {
    let id = bench.subscribe("a.example/1,x").await;
    bench.post(&["1"]).await;
    let fresh = bench.fresh().await.remove(0);
    bench.record(vec![waits(key(fresh.message, 0), fresh.lane, fresh.target, 500, Why::Retry)]).await;
    bench.store.subscription_change(PROJECT, QUEUE, id, to("b.example/1")).await.unwrap();
    bench.reopen().await;
    assert_eq!(rows(&bench, fresh.lane).await, 1);
}

async fn the_backlog_in_no_row_follows_too(mut bench: Bench) {
    let id = bench.subscribe("a.example/1").await;
    bench.post(&["1"]).await;
    let old = bench.fresh().await.remove(0).lane;
    bench.store.subscription_change(PROJECT, QUEUE, id, to("b.example/1")).await.unwrap();
    let page = bench.store.scan(Default::default(), 10).await.unwrap();
    assert_ne!(page.fresh[0].lane, old);
}

async fn what_the_engine_puts_back_later_follows_as_well(mut bench: Bench) {
    let id = bench.subscribe("a.example/1").await;
    bench.post(&["1", "2"]).await;
    let fresh = bench.fresh().await;
    let failed = |n: usize| waits(key(fresh[n].message, 0), fresh[n].lane, fresh[n].target, 500, Why::Retry);
    bench.record(vec![failed(0)]).await;
    bench.store.subscription_change(PROJECT, QUEUE, id, to("b.example/1")).await.unwrap();
    let (new, _) = bench.scheduled().await[0];
    // The move is over: nothing but the writing itself can bring the second one along.
    for _ in 0..3 {
        bench.store.check().await.unwrap();
    }
    bench.record(vec![failed(1)]).await;
    assert_eq!((rows(&bench, new).await, rows(&bench, fresh[1].lane).await), (2, 0));
}

super::promises! {
    a_mended_address_rescues_all_that_waits,
    of_several_addresses_none_moves,
    the_backlog_in_no_row_follows_too,
    what_the_engine_puts_back_later_follows_as_well,
}
