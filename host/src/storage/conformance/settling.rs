//! Recording what happened, and loading what waits.

use nuncio_core::{Cursor, LaneId, MessageId, State, Why};

use super::bench::{Bench, closed, dead, failure, key, waits};

const BEGINNING: (i64, nuncio_core::DeliveryKey) = (i64::MIN, key(MessageId::NONE, 0));

async fn a_settlement_is_read_back(mut bench: Bench) {
    bench.subscribe("a.example,b.example,c.example,d.example").await;
    let id = bench.post(&["1"]).await.ids[0];
    let fresh = bench.fresh().await.remove(0);
    bench
        .record(vec![
            closed(key(id, 0), State::Delivered, false),
            waits(key(id, 1), fresh.lane, fresh.target, 500, Why::Retry),
            dead(key(id, 2), fresh.lane, fresh.target, false),
        ])
        .await;
    let delivered = bench.delivery(key(id, 0)).await;
    assert_eq!((delivered.state, delivered.at, delivered.attempts), (State::Delivered, 77, 1));
    let waiting = bench.delivery(key(id, 1)).await;
    assert_eq!((waiting.state, waiting.why, waiting.at), (State::Waiting, Some(Why::Retry), 500));
    assert_eq!(waiting.failures, [failure(1)]);
    let buried = bench.delivery(key(id, 2)).await;
    assert_eq!((buried.state, buried.at, buried.attempts), (State::Dead, 99, 2));
    assert_eq!((buried.reason.as_str(), buried.failures.as_slice()), ("destination down", &[failure(2)][..]));
    assert_eq!(
        (buried.address.as_str(), buried.redacted.as_str()),
        ("c.example", "a.example,b.example,c.example,d.example?***")
    );
    assert_eq!(bench.state(key(id, 3)).await, State::Waiting);
}

async fn a_row_that_waited_goes_with_its_end(mut bench: Bench) {
    bench.subscribe("a.example,b.example").await;
    let id = bench.post(&["1"]).await.ids[0];
    let fresh = bench.fresh().await.remove(0);
    let wait = |idx| waits(key(id, idx), fresh.lane, fresh.target, 500, Why::Spilled);
    bench.record(vec![wait(0), wait(1)]).await;
    bench
        .record(vec![
            closed(key(id, 0), State::Expired, true),
            dead(key(id, 1), fresh.lane, fresh.target, true),
        ])
        .await;
    assert_eq!(bench.state(key(id, 0)).await, State::Expired);
    assert_eq!(bench.state(key(id, 1)).await, State::Dead);
    assert!(bench.store.standing().await.unwrap().waiting.is_empty());
}

async fn a_lane_is_loaded_by_due_time_in_pages(mut bench: Bench) {
    bench.subscribe("a.example,b.example,c.example,d.example").await;
    let id = bench.post(&["1"]).await.ids[0];
    let fresh = bench.fresh().await.remove(0);
    let dues = [(0, 300), (1, 100), (2, 100), (3, 900)];
    let rows = dues.map(|(idx, due)| waits(key(id, idx), fresh.lane, fresh.target, due, Why::Retry));
    bench.record(rows.to_vec()).await;
    let page = bench.store.load(fresh.lane, BEGINNING, 400, 2).await.unwrap();
    assert_eq!(page.rows.iter().map(|row| row.key.idx).collect::<Vec<_>>(), [1, 2]);
    assert_eq!(page.next_due, Some(300));
    let page = bench.store.load(fresh.lane, (100, key(id, 2)), 400, 2).await.unwrap();
    assert_eq!(page.rows.iter().map(|row| row.key.idx).collect::<Vec<_>>(), [0]);
    assert_eq!(page.next_due, Some(900));
    let page = bench.store.load(fresh.lane, (900, key(id, 3)), 5000, 2).await.unwrap();
    assert!(page.rows.is_empty() && page.next_due.is_none());
    let other = bench.store.load(LaneId(fresh.lane.0 + 1), BEGINNING, 400, 2).await.unwrap();
    assert!(other.rows.is_empty() && other.next_due.is_none());
}

async fn a_deferred_row_comes_back_as_it_was(mut bench: Bench) {
    bench.subscribe("a.example").await;
    let id = bench.post(&["1"]).await.ids[0];
    let fresh = bench.fresh().await.remove(0);
    let settlement = waits(key(id, 0), fresh.lane, fresh.target, 500, Why::Held);
    bench.record(vec![settlement.clone()]).await;
    let row = bench.store.load(fresh.lane, BEGINNING, 500, 1).await.unwrap().rows.remove(0);
    assert_eq!(nuncio_core::Settlement::Deferred { row, failure: None }, settlement);
    assert_eq!(bench.state(key(id, 0)).await, State::Held);
}

async fn the_store_stands_where_the_engine_left_it(mut bench: Bench) {
    bench.subscribe("a.example").await;
    bench.subscribe("b.example").await;
    let id = bench.post(&["1"]).await.ids[0];
    let fresh = bench.fresh().await;
    let low = Cursor { message: id, idx: 1 };
    let waiting = waits(key(id, 1), fresh[1].lane, fresh[1].target, 500, Why::Retry);
    bench.store.record(vec![waiting], vec![], low, std::sync::Arc::new(|_| ())).await.unwrap();
    bench.reopen().await;
    let standing = bench.store.standing().await.unwrap();
    assert_eq!((standing.low, standing.head), (low, id));
    assert_eq!(standing.waiting, [(fresh[1].lane, 500)]);
    let destinations: Vec<_> = standing.lanes.iter().map(|lane| lane.destination.as_str()).collect();
    assert_eq!(destinations, ["a.example", "b.example"]);
}

async fn below_the_watermark_what_nothing_is_known_of_is_no_more(mut bench: Bench) {
    bench.subscribe("a.example").await;
    let id = bench.post(&["1"]).await.ids[0];
    bench.fresh().await;
    let low = Cursor { message: MessageId(id.0 + 1), idx: 0 };
    bench.store.record(Vec::new(), Vec::new(), low, std::sync::Arc::new(|_| ())).await.unwrap();
    assert_eq!(bench.store.delivery(super::bench::PROJECT, key(id, 0)).await.unwrap(), None);
}

async fn a_delivery_belongs_to_its_project(bench: Bench) {
    bench.subscribe("a.example").await;
    let id = bench.post(&["1"]).await.ids[0];
    bench.store.queue_put("other", "q", Default::default()).await.unwrap();
    assert_eq!(bench.store.delivery("other", key(id, 0)).await.unwrap(), None);
    assert_eq!(bench.store.delivery(super::bench::PROJECT, key(id, 1)).await.unwrap(), None);
}

super::promises! {
    a_settlement_is_read_back,
    a_row_that_waited_goes_with_its_end,
    a_lane_is_loaded_by_due_time_in_pages,
    a_deferred_row_comes_back_as_it_was,
    the_store_stands_where_the_engine_left_it,
    below_the_watermark_what_nothing_is_known_of_is_no_more,
    a_delivery_belongs_to_its_project,
}
