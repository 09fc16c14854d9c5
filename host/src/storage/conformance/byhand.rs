//! Retrying and cancelling by hand.

use nuncio_core::{MessageId, State, Why};

use super::bench::{Bench, PROJECT, QUEUE, closed, dead, key, waits};
use crate::storage::{CancelResult, RequeueResult};

async fn the_dead_rise_with_tries_anew_and_numbers_that_run_on(mut bench: Bench) {
    bench.subscribe("a.example").await;
    let id = bench.post(&["1"]).await.ids[0];
    let fresh = bench.fresh().await.remove(0);
    bench.record(vec![dead(key(id, 0), fresh.lane, fresh.target, false)]).await;
    assert_eq!(bench.store.requeue(PROJECT, key(id, 0)).await.unwrap(), RequeueResult::Due);
    assert_eq!(bench.scheduled().await, [(fresh.lane, bench.now())]);
    let beginning = (i64::MIN, key(MessageId::NONE, 0));
    let row = bench.store.load(fresh.lane, beginning, bench.now(), 9).await.unwrap().rows.remove(0);
    assert_eq!((row.n, row.tries, row.since, row.due), (2, 0, bench.now(), bench.now()));
    let view = bench.delivery(key(id, 0)).await;
    assert_eq!((view.state, view.failures.len()), (State::Waiting, 1));
    bench.record(vec![closed(key(id, 0), State::Delivered, true)]).await;
    assert_eq!(bench.state(key(id, 0)).await, State::Delivered);
}

async fn what_waits_becomes_due(mut bench: Bench) {
    bench.subscribe("a.example,b.example").await;
    let id = bench.post(&["1"]).await.ids[0];
    let fresh = bench.fresh().await.remove(0);
    let later = bench.now() + 9_000;
    bench.record(vec![waits(key(id, 0), fresh.lane, fresh.target, later, Why::Retry)]).await;
    assert_eq!(bench.store.requeue(PROJECT, key(id, 0)).await.unwrap(), RequeueResult::Due);
    assert_eq!(bench.scheduled().await, [(fresh.lane, bench.now())]);
    assert_eq!(bench.delivery(key(id, 0)).await.at, bench.now());
    assert_eq!(bench.store.requeue(PROJECT, key(id, 1)).await.unwrap(), RequeueResult::Due);
}

async fn what_is_settled_is_not_tried_again(bench: Bench) {
    let subscription = bench.subscribe("a.example,b.example").await;
    let id = bench.post(&["1"]).await.ids[0];
    bench.record(vec![closed(key(id, 0), State::Delivered, false)]).await;
    let again = bench.store.requeue(PROJECT, key(id, 0)).await.unwrap();
    assert_eq!(again, RequeueResult::Settled(State::Delivered));
    assert_eq!(bench.store.requeue(PROJECT, key(id, 2)).await.unwrap(), RequeueResult::Absent);
    bench.store.subscription_end(PROJECT, QUEUE, subscription).await.unwrap();
    assert_eq!(bench.store.requeue(PROJECT, key(id, 1)).await.unwrap(), RequeueResult::Ended);
}

async fn what_waits_is_cancelled_once(mut bench: Bench) {
    bench.subscribe("a.example,b.example,c.example").await;
    let id = bench.post(&["1"]).await.ids[0];
    let fresh = bench.fresh().await.remove(0);
    bench
        .record(vec![
            waits(key(id, 0), fresh.lane, fresh.target, 500, Why::Retry),
            dead(key(id, 1), fresh.lane, fresh.target, false),
        ])
        .await;
    let cancel = |idx| bench.store.cancel(PROJECT, key(id, idx));
    assert_eq!(cancel(0).await.unwrap(), CancelResult::Cancelled);
    assert_eq!(cancel(0).await.unwrap(), CancelResult::Settled(State::Cancelled));
    assert_eq!(cancel(1).await.unwrap(), CancelResult::Settled(State::Dead));
    assert_eq!(cancel(2).await.unwrap(), CancelResult::Cancelled);
    assert_eq!(cancel(3).await.unwrap(), CancelResult::Absent);
    assert!(bench.store.standing().await.unwrap().waiting.is_empty());
    assert!(bench.backlog(10).await.is_empty());
}

super::promises! {
    the_dead_rise_with_tries_anew_and_numbers_that_run_on,
    what_waits_becomes_due,
    what_is_settled_is_not_tried_again,
    what_waits_is_cancelled_once,
}
