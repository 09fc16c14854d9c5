//! Lanes of their own: of subscriptions that ask for a rate, a number at once, an order.

use nuncio_core::LaneRules;
use serde_json::json;

use super::bench::{Bench, PROJECT, QUEUE, subscription, target};
use crate::storage::{LaneRow, NewSubscription, NewTarget, Subscribed, SubscriptionChange};

fn rules(rate: &str) -> LaneRules {
    let options = json!({"rate": rate, "max_in_flight": 3});
    LaneRules::parse(options.as_object().unwrap()).unwrap()
}

fn ruled(uri: &str, rate: &str) -> NewSubscription {
    let mut new = subscription(uri, 0);
    new.target.rules = rules(rate);
    new
}

fn to(uri: &str, rules: LaneRules) -> SubscriptionChange {
    let target = NewTarget { rules, ..target(uri) };
    SubscriptionChange { target: Some((uri.to_owned(), target)), ttl: None, asking: None }
}

/// The lanes that were published last.
async fn published(bench: &mut Bench) -> Vec<LaneRow> {
    loop {
        let lanes = bench.published.recv().await.unwrap().lanes;
        if !lanes.is_empty() {
            return lanes;
        }
    }
}

async fn a_subscription_that_asks_for_rules_has_a_lane_of_its_own(mut bench: Bench) {
    for uri in ["a.example/1", "a.example/2"] {
        bench.store.subscribe(PROJECT, QUEUE, ruled(uri, "10/s")).await.unwrap();
        assert_eq!(published(&mut bench).await[0].rules, rules("10/s"));
    }
    bench.store.subscribe(PROJECT, QUEUE, subscription("a.example/3", 0)).await.unwrap();
    assert!(published(&mut bench).await[0].rules.is_empty());
    bench.post(&["1"]).await;
    let mut lanes: Vec<_> = bench.fresh().await.into_iter().map(|fresh| fresh.lane).collect();
    lanes.dedup();
    assert_eq!(lanes.len(), 3);
}

async fn a_lane_of_its_own_follows_its_subscription(mut bench: Bench) {
    let subscribed = bench.store.subscribe(PROJECT, QUEUE, ruled("a.example/1", "10/s")).await.unwrap();
    let Subscribed::New(id) = subscribed else { panic!("{subscribed:?}") };
    let lane = published(&mut bench).await[0].clone();
    for (uri, rules) in [
        ("a.example/1", rules("5/h")),
        ("b.example/1", rules("5/h")),
        ("b.example/1", LaneRules::default()),
        ("a.example/1", rules("1/s")),
    ] {
        bench.store.subscription_change(PROJECT, QUEUE, id, to(uri, rules)).await.unwrap();
    }
    let expected = |destination: &str, rate: &str| LaneRow {
        destination: destination.into(),
        rules: rules(rate),
        ..lane.clone()
    };
    assert_eq!(published(&mut bench).await, [expected("a.example", "5/h")]);
    assert_eq!(published(&mut bench).await, [expected("b.example", "5/h")]);
    assert_ne!(published(&mut bench).await[0].id, lane.id, "the lane that all share");
    assert_eq!(published(&mut bench).await, [expected("a.example", "1/s")]);
    let standing = bench.store.standing().await.unwrap();
    assert!(standing.lanes.contains(&expected("a.example", "1/s")));
}

super::promises! {
    a_subscription_that_asks_for_rules_has_a_lane_of_its_own,
    a_lane_of_its_own_follows_its_subscription,
}
