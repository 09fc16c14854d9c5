//! Subscriptions that wait for connections, or live with one.

use nuncio_core::SubscriptionId;

use super::bench::{Bench, PROJECT, QUEUE, subscription};
use crate::storage::{NewSubscription, Subscribed, alone_at, own_destination};

fn alone(uri: &str, ttl: i64, bound: bool) -> NewSubscription {
    let mut new = subscription(uri, ttl);
    new.target.destination.clear();
    NewSubscription { bound, ..new }
}

async fn subscribe(bench: &Bench, new: NewSubscription) -> SubscriptionId {
    match bench.store.subscribe(PROJECT, QUEUE, new).await.unwrap() {
        Subscribed::New(id) => id,
        other => panic!("{other:?}"),
    }
}

async fn each_has_a_lane_to_a_destination_of_its_own(mut bench: Bench) {
    let (a, b) =
        (subscribe(&bench, alone("a", 0, false)).await, subscribe(&bench, alone("b", 0, true)).await);
    let mut lanes = Vec::new();
    while lanes.len() < 2 {
        lanes.extend(bench.published.recv().await.unwrap().lanes);
    }
    let destinations: Vec<_> = lanes.iter().map(|lane| lane.destination.clone()).collect();
    assert_eq!(destinations, [own_destination(a), own_destination(b)]);
    assert_eq!(destinations.iter().filter_map(|one| alone_at(one)).collect::<Vec<_>>(), [a, b]);
    let bound = async |id| bench.store.subscription(PROJECT, QUEUE, id).await.unwrap().unwrap().bound;
    assert_eq!((bound(a).await, bound(b).await), (false, true));
}

async fn what_lives_with_connections_ends_together_and_all_else_stays(bench: Bench) {
    let kept = subscribe(&bench, alone("a", 0, false)).await;
    let bound = subscribe(&bench, alone("b", 0, true)).await;
    let posted = bench.post(&["1"]).await;
    assert_eq!(bench.store.subscriptions_unbind().await.unwrap(), 1);
    assert_eq!(bench.store.subscriptions_unbind().await.unwrap(), 0);
    assert_eq!(bench.store.subscriptions_live(vec![kept, bound]).await.unwrap(), [kept]);
    let mut ended = Vec::new();
    for matched in posted.matched[0].iter() {
        let view = bench.store.target(matched.target).await.unwrap().unwrap();
        ended.push((view.subscription, view.ended));
    }
    assert_eq!(ended, [(kept, false), (bound, true)]);
    assert_eq!(bench.post(&["2"]).await.matched[0].len(), 1);
}

async fn one_that_expires_is_told_and_lives_no_more(mut bench: Bench) {
    let old = subscribe(&bench, alone("a", 60, false)).await;
    let target = bench.post(&["1"]).await.matched[0][0].target;
    bench.turn(60_000);
    assert_eq!(bench.store.subscriptions_live(vec![old]).await.unwrap(), []);
    subscribe(&bench, alone("a", 60, false)).await;
    let view = bench.store.target(target).await.unwrap().unwrap();
    assert!(view.expired && !view.ended);
    while !bench.published.recv().await.unwrap().changed.contains(&old) {}
}

super::promises! {
    each_has_a_lane_to_a_destination_of_its_own,
    what_lives_with_connections_ends_together_and_all_else_stays,
    one_that_expires_is_told_and_lives_no_more,
}
