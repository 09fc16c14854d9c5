//! Listing deliveries.

use nuncio_core::{DeliveryKey, State};

use super::bench::{Bench, PROJECT, QUEUE, closed, dead, key, post, target};
use crate::storage::{Addressed, DeliveryFilter, Post, Selection};

async fn all(bench: &Bench, filter: DeliveryFilter) -> Vec<DeliveryKey> {
    let (mut found, mut before) = (Vec::new(), None);
    loop {
        let filter = DeliveryFilter { before, ..filter.clone() };
        let page = bench.store.deliveries(PROJECT, filter).await.unwrap();
        found.extend(page.deliveries.iter().map(|view| view.key));
        before = page.next;
        if before.is_none() {
            return found;
        }
    }
}

fn by(limit: u32) -> DeliveryFilter {
    DeliveryFilter { limit, ..DeliveryFilter::default() }
}

async fn the_newest_come_first_whatever_the_page(bench: Bench) {
    bench.subscribe("a.example,b.example").await;
    bench.subscribe("c.example").await;
    let mut ids = bench.post(&["1", "2"]).await.ids;
    bench.turn(1_000);
    ids.extend(bench.post(&["3"]).await.ids);
    let wanted: Vec<_> = ids.iter().rev().flat_map(|id| [2, 1, 0].map(|idx| key(*id, idx))).collect();
    for limit in [1, 2, 4, 100] {
        assert_eq!(all(&bench, by(limit)).await, wanted, "pages of {limit}");
    }
    assert!(bench.store.deliveries("other", by(10)).await.unwrap().deliveries.is_empty());
}

async fn filters_leave_out_the_rest(bench: Bench) {
    let a = bench.subscribe("a.example/1").await;
    bench.subscribe("b.example/1").await;
    let ids = bench.post(&["1", "2"]).await.ids;
    let to = Addressed::Targets(vec![target("a.example/2")]);
    let adhoc = bench.store.accept(Post { to, ..post(&["3"]) }).await.unwrap().ids[0];
    bench.record(vec![closed(key(ids[0], 1), State::Delivered, false)]).await;
    let of = |selection: Selection, limit| all(&bench, DeliveryFilter { selection, ..by(limit) });
    let subscription = Selection { subscription: Some(a), ..Selection::default() };
    assert_eq!(of(subscription, 10).await, [key(ids[1], 0), key(ids[0], 0)]);
    let destination = Selection { destination: Some("a.example".into()), ..Selection::default() };
    assert_eq!(of(destination, 1).await, [key(adhoc, 0), key(ids[1], 0), key(ids[0], 0)]);
    let queue = Selection { queue: Some(QUEUE.into()), ..Selection::default() };
    assert_eq!(of(queue, 3).await.len(), 4);
    let driver = |name: &str| Selection { driver: Some(name.into()), ..Selection::default() };
    assert_eq!((of(driver("http"), 3).await.len(), of(driver("other"), 3).await.len()), (5, 0));
    let state = DeliveryFilter { state: Some(State::Delivered), ..by(1) };
    assert_eq!(all(&bench, state).await, [key(ids[0], 1)]);
}

async fn a_deleted_queue_keeps_its_name_in_the_list(bench: Bench) {
    bench.subscribe("a.example").await;
    bench.post(&["1"]).await;
    bench.store.queue_delete(PROJECT, QUEUE).await.unwrap();
    let page = bench.store.deliveries(PROJECT, by(10)).await.unwrap();
    let view = &page.deliveries[0];
    assert_eq!((view.queue.as_str(), view.state), (QUEUE, State::Cancelled));
}

async fn dead_letters_are_found_however_far_they_lie_apart(mut bench: Bench) {
    bench.subscribe("a.example/1").await;
    let b = bench.subscribe("b.example/1").await;
    let first = bench.post(&["1", "2"]).await.ids;
    let fresh = bench.fresh().await;
    bench.post(&vec!["1"; 2100]).await;
    let last = bench.post(&["1"]).await.ids[0];
    let dies = |id, n: usize| dead(key(id, n as u32), fresh[n].lane, fresh[n].target, false);
    bench.record(vec![dies(first[0], 0), dies(first[1], 0), dies(first[1], 1), dies(last, 1)]).await;
    let buried = DeliveryFilter { state: Some(State::Dead), ..by(3) };
    let page = bench.store.deliveries(PROJECT, buried.clone()).await.unwrap();
    assert_eq!(page.deliveries.len(), 3, "one call finds them");
    let wanted = [key(last, 1), key(first[1], 1), key(first[1], 0), key(first[0], 0)];
    assert_eq!(all(&bench, buried.clone()).await, wanted);
    let of = |selection| all(&bench, DeliveryFilter { selection, ..buried.clone() });
    let of_b = Selection { subscription: Some(b), queue: Some(QUEUE.into()), ..Selection::default() };
    assert_eq!(of(of_b.clone()).await, [key(last, 1), key(first[1], 1)]);
    assert!(of(Selection { queue: Some("other".into()), ..of_b }).await.is_empty());
}

async fn a_span_of_time_is_of_acceptance_and_for_the_dead_of_death(mut bench: Bench) {
    bench.subscribe("a.example").await;
    let (mut ids, mut times) = (Vec::new(), Vec::new());
    for _ in 0..3 {
        times.push(bench.now());
        ids.extend(bench.post(&["1"]).await.ids);
        bench.turn(1_000);
    }
    let span = |from, to| Selection { from: Some(from), to: Some(to), ..Selection::default() };
    let accepted = DeliveryFilter { selection: span(times[1], times[2]), ..by(1) };
    assert_eq!(all(&bench, accepted).await, [key(ids[1], 0)]);
    let fresh = bench.fresh().await.remove(0);
    bench.record(vec![dead(key(ids[0], 0), fresh.lane, fresh.target, false)]).await;
    let died = |selection| all(&bench, DeliveryFilter { state: Some(State::Dead), selection, ..by(1) });
    assert_eq!(died(span(99, 100)).await, [key(ids[0], 0)], "they all die at 99");
    assert!(died(span(98, 99)).await.is_empty());
    let reason = |part: &str| Selection { reason: Some(part.into()), ..Selection::default() };
    assert_eq!((died(reason("down")).await.len(), died(reason("up")).await.len()), (1, 0));
}

super::promises! {
    dead_letters_are_found_however_far_they_lie_apart,
    the_newest_come_first_whatever_the_page,
    filters_leave_out_the_rest,
    a_span_of_time_is_of_acceptance_and_for_the_dead_of_death,
    a_deleted_queue_keeps_its_name_in_the_list,
}
