//! Accounts close: what was accepted is open or has ended.

use nuncio_core::{DeliveryKey, State, Why};

use super::bench::{Bench, PROJECT, closed, dead, is_full, key, post, waits};
use crate::storage::{StoreError, Tally, sqlite::Limits};

async fn tally(bench: &Bench) -> Tally {
    bench.store.gauges().await.unwrap().tally
}

async fn every_delivery_is_open_until_it_ends(mut bench: Bench) {
    bench.subscribe("a.example,b.example,c.example").await;
    let ids = bench.post(&["1", "2"]).await.ids;
    let fresh = bench.fresh().await.remove(0);
    bench
        .record(vec![
            closed(key(ids[0], 0), State::Delivered, false),
            waits(key(ids[0], 1), fresh.lane, fresh.target, 500, Why::Retry),
            dead(key(ids[1], 0), fresh.lane, fresh.target, false),
            closed(key(ids[1], 1), State::Suppressed, false),
        ])
        .await;
    let now = tally(&bench).await;
    assert_eq!(now, Tally { accepted: 6, delivered: 1, dead: 1, suppressed: 1, ..Tally::default() });
    assert_eq!(now.open(), 3);
    bench.record(vec![closed(key(ids[0], 1), State::Expired, true)]).await;
    bench.reopen().await;
    assert_eq!(tally(&bench).await, Tally { expired: 1, ..now });
}

async fn what_is_tried_again_is_open_again(mut bench: Bench) {
    bench.subscribe("a.example").await;
    let id = bench.post(&["1"]).await.ids[0];
    let fresh = bench.fresh().await.remove(0);
    bench.record(vec![dead(key(id, 0), fresh.lane, fresh.target, false)]).await;
    bench.store.requeue(PROJECT, key(id, 0)).await.unwrap();
    assert_eq!(tally(&bench).await, Tally { accepted: 1, ..Tally::default() });
}

/// Cancels the delivery in the store while the engine has it; then the engine says its word.
async fn after_a_cancellation(
    word: impl FnOnce(DeliveryKey, &nuncio_core::Fresh) -> nuncio_core::Settlement,
) -> (State, Tally) {
    let mut bench = Bench::new().await;
    bench.subscribe("a.example").await;
    let id = bench.post(&["1"]).await.ids[0];
    let fresh = bench.fresh().await.remove(0);
    bench.store.cancel(PROJECT, key(id, 0)).await.unwrap();
    bench.record(vec![word(key(id, 0), &fresh)]).await;
    assert!(bench.backlog(10).await.is_empty());
    (bench.state(key(id, 0)).await, tally(&bench).await)
}

async fn what_was_cancelled_is_counted_once_whatever_the_engine_says_then(_: Bench) {
    let cancelled = Tally { accepted: 1, cancelled: 1, ..Tally::default() };
    let again = after_a_cancellation(|key, _| closed(key, State::Cancelled, false)).await;
    assert_eq!(again, (State::Cancelled, cancelled));
    let put_back =
        after_a_cancellation(|key, fresh| waits(key, fresh.lane, fresh.target, 500, Why::Retry)).await;
    assert_eq!(put_back, (State::Cancelled, cancelled));
    let died = after_a_cancellation(|key, fresh| dead(key, fresh.lane, fresh.target, false)).await;
    assert_eq!(died, (State::Cancelled, cancelled));
    let delivered = after_a_cancellation(|key, _| closed(key, State::Delivered, false)).await;
    assert_eq!(delivered, (State::Delivered, Tally { accepted: 1, delivered: 1, ..Tally::default() }));
}

async fn a_backlog_that_is_too_long_is_refused_by_the_name_of_its_limit(_: Bench) {
    let mut bench = Bench::with(Limits { max_backlog: 3, ..Limits::default() }).await;
    bench.subscribe("a.example,b.example").await;
    let id = bench.post(&["1"]).await.ids[0];
    let fresh = bench.fresh().await.remove(0);
    let refused = bench.store.accept(post(&["2"])).await.unwrap_err();
    assert!(is_full(&refused, "delivery.max_backlog"), "{refused}");
    assert_eq!(tally(&bench).await.accepted, 2);
    bench.record(vec![dead(key(id, 0), fresh.lane, fresh.target, false)]).await;
    bench.post(&["3"]).await;
    bench.reopen().await;
    assert!(bench.store.accept(post(&["4"])).await.is_err());
}

async fn without_room_nothing_is_taken_in_and_all_else_goes_on(mut bench: Bench) {
    bench.subscribe("a.example").await;
    let id = bench.post(&["1"]).await.ids[0];
    bench.reopen_with(Limits { min_free: u64::MAX, ..Limits::default() }).await;
    let refused = bench.store.accept(post(&["2"])).await.unwrap_err();
    assert!(matches!(&refused, StoreError::NoSpace(why) if why.contains("storage.min_free")), "{refused}");
    let gauges = bench.store.gauges().await.unwrap();
    // How much is free is said too, and others write on that disk.
    assert!(matches!(&gauges.ailments[..], [one] if one.contains("storage.min_free")), "{gauges:?}");
    bench.record(vec![closed(key(id, 0), State::Delivered, false)]).await;
    bench.store.check().await.unwrap();
    bench.reopen_with(Limits { max_bytes: gauges.used_bytes, ..Limits::default() }).await;
    let refused = bench.store.accept(post(&["2"])).await.unwrap_err();
    assert!(is_full(&refused, "storage.max_bytes"), "{refused}");
    bench.reopen_with(Limits::default()).await;
    assert!(bench.post(&["3"]).await.ids[0] > id);
}

super::promises! {
    every_delivery_is_open_until_it_ends,
    what_is_tried_again_is_open_again,
    what_was_cancelled_is_counted_once_whatever_the_engine_says_then,
    a_backlog_that_is_too_long_is_refused_by_the_name_of_its_limit,
    without_room_nothing_is_taken_in_and_all_else_goes_on,
}
