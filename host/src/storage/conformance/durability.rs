//! What was answered is there after a restart and after a power cut.

use std::sync::Arc;

use nuncio_core::{Cursor, Deferred, LaneId, MessageId, Settlement, State, Why};
use tokio::task::JoinSet;

use super::bench::{Bench, PROJECT, QUEUE, closed, key, post, waits};
use crate::storage::{PullFilter, StoreError};

async fn all_that_was_answered_survives_a_power_cut(mut bench: Bench) {
    let subscription = bench.subscribe("a.example").await;
    let mut posts = JoinSet::new();
    for _ in 0..50 {
        let store = bench.store.clone();
        posts.spawn(async move { store.accept(post(&["1", "2"])).await.unwrap().ids });
    }
    let mut ids: Vec<MessageId> = posts.join_all().await.into_iter().flatten().collect();
    ids.sort();
    bench.record(vec![closed(key(ids[0], 0), State::Delivered, false)]).await;
    bench.cut_power();
    let open: Vec<_> = ids.iter().skip(1).map(|id| key(*id, 0)).collect();
    assert_eq!(bench.backlog(7).await, open);
    assert_eq!(bench.state(key(ids[0], 0)).await, State::Delivered);
    assert!(bench.store.subscription(PROJECT, QUEUE, subscription).await.unwrap().is_some());
    let filter = PullFilter { limit: 1000, ..PullFilter::default() };
    assert_eq!(bench.store.messages(PROJECT, QUEUE, filter).await.unwrap().len(), 100);
    assert!(bench.post(&["3"]).await.ids[0] > ids[99], "no id is issued twice");
}

async fn an_id_is_not_issued_again_when_the_clock_goes_back(mut bench: Bench) {
    let last = bench.post(&["1"]).await.ids[0];
    bench.turn(-60_000);
    bench.reopen().await;
    assert!(bench.post(&["2"]).await.ids[0] > last);
}

/// One delivery that is tried again in a second, and one that its producer wants in a second.
async fn two_that_wait(bench: &mut Bench) -> (MessageId, LaneId, i64) {
    bench.subscribe("a.example").await;
    let id = bench.post(&["1", "2"]).await.ids[0];
    let fresh = bench.fresh().await;
    let (lane, target, due) = (fresh[0].lane, fresh[0].target, bench.now() + 1_000);
    let other = key(fresh[1].message, 0);
    bench.record(vec![waits(key(id, 0), lane, target, due, Why::Retry)]).await;
    bench.record(vec![waits(other, lane, target, due, Why::Scheduled)]).await;
    (id, lane, due)
}

/// The messages whose deliveries are due in `lane`, with the times at which they are.
async fn due(bench: &Bench, lane: LaneId) -> Vec<(MessageId, i64)> {
    let from = (i64::MIN, key(MessageId::NONE, 0));
    let loaded = bench.store.load(lane, from, i64::MAX, 10).await.unwrap();
    loaded.rows.iter().map(|row| (row.key.message, row.due)).collect()
}

async fn what_waits_follows_a_clock_that_is_set_back_and_what_is_scheduled_does_not(mut bench: Bench) {
    let day = 86_400_000;
    let (id, lane, at) = two_that_wait(&mut bench).await;
    bench.turn(-day);
    bench.post(&["3"]).await;
    assert_eq!(bench.scheduled().await, [(lane, at - day)], "the engine is told");
    let rows = due(&bench, lane).await;
    assert_eq!(rows[0], (id, at - day));
    assert_eq!((rows.len(), rows[1].1), (2, at));
    bench.post(&["4"]).await;
    assert_eq!(due(&bench, lane).await, rows, "once");
}

async fn a_clock_that_was_set_back_between_two_starts_is_followed_too(mut bench: Bench) {
    let day = 86_400_000;
    let (id, lane, at) = two_that_wait(&mut bench).await;
    for _ in 0..2 {
        bench.turn(if bench.now() > at - 1_000 - day { -day } else { 0 });
        bench.reopen().await;
        bench.post(&["3"]).await;
        assert_eq!(due(&bench, lane).await[0], (id, at - day));
    }
}

async fn a_clock_that_is_adjusted_by_seconds_moves_nothing(mut bench: Bench) {
    let (id, lane, at) = two_that_wait(&mut bench).await;
    bench.turn(-4_000);
    bench.post(&["3"]).await;
    assert_eq!(due(&bench, lane).await[0], (id, at));
}

async fn what_is_spilled_lies_ahead_of_the_clock_only_in_a_sequence(mut bench: Bench) {
    bench.subscribe("a.example").await;
    bench.post(&["1", "2"]).await;
    let fresh = bench.fresh().await;
    let (lane, target, ahead) = (fresh[0].lane, fresh[0].target, bench.now() + 86_400_000);
    let spilled = |n: usize, post| match waits(key(fresh[n].message, 0), lane, target, ahead, Why::Spilled) {
        Settlement::Deferred { row, failure } => {
            Settlement::Deferred { row: Deferred { post, ..row }, failure }
        }
        other => other,
    };
    bench.record(vec![spilled(0, 0), spilled(1, -1)]).await;
    assert_eq!(due(&bench, lane).await, [(fresh[0].message, bench.now()), (fresh[1].message, ahead)]);
}

async fn the_watermark_is_recorded_alone(bench: Bench) {
    let low = Cursor { message: MessageId(7), idx: 3 };
    bench.store.record(vec![], vec![], low, Arc::new(|why| panic!("{why}"))).await.unwrap();
    assert_eq!(bench.store.standing().await.unwrap().low, low);
}

async fn the_key_of_ids_stays(mut bench: Bench) {
    let keys = |bench: &Bench| [bench.store.id_key(), bench.store.signing_key()];
    let [ids, signing] = keys(&bench);
    assert_ne!(ids, signing);
    bench.reopen().await;
    assert_eq!(keys(&bench), [ids, signing]);
    let other = keys(&Bench::new().await);
    assert!(other[0] != ids && other[1] != signing);
}

async fn batches_become_durable_in_the_order_of_the_calls(bench: Bench) {
    bench.subscribe("a.example").await;
    let id = bench.post(&["1"]).await.ids[0];
    let mut last = JoinSet::new();
    for (n, state) in [State::Suppressed, State::Cancelled, State::Delivered].into_iter().enumerate() {
        let (store, low) = (bench.store.clone(), Cursor { message: MessageId(n as i64), idx: 0 });
        let settled = vec![closed(key(id, 0), state, false)];
        let asked = Arc::new(tokio::sync::Notify::new());
        let told = asked.clone();
        last.spawn(async move {
            told.notify_one();
            store.record(settled, Vec::new(), low, Arc::new(|_| ())).await
        });
        asked.notified().await;
    }
    for result in last.join_all().await {
        result.unwrap();
    }
    assert_eq!(bench.state(key(id, 0)).await, State::Delivered);
    assert_eq!(bench.store.standing().await.unwrap().low.message, MessageId(2));
}

async fn a_closed_store_says_so(bench: Bench) {
    bench.store.check().await.unwrap();
    bench.store.close().await;
    assert_eq!(bench.store.accept(post(&["1"])).await.unwrap_err(), StoreError::Closed);
    assert_eq!(bench.store.check().await.unwrap_err(), StoreError::Closed);
    assert_eq!(
        bench.store.record(Vec::new(), Vec::new(), Cursor::default(), Arc::new(|_| ())).await,
        Err(StoreError::Closed)
    );
    bench.store.close().await;
}

super::promises! {
    all_that_was_answered_survives_a_power_cut,
    an_id_is_not_issued_again_when_the_clock_goes_back,
    what_waits_follows_a_clock_that_is_set_back_and_what_is_scheduled_does_not,
    a_clock_that_was_set_back_between_two_starts_is_followed_too,
    what_is_spilled_lies_ahead_of_the_clock_only_in_a_sequence,
    the_watermark_is_recorded_alone,
    a_clock_that_is_adjusted_by_seconds_moves_nothing,
    the_key_of_ids_stays,
    batches_become_durable_in_the_order_of_the_calls,
    a_closed_store_says_so,
}
