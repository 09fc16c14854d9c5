//! Filters, and the index of who wants what.

use std::sync::Arc;

use nuncio_core::{Attributes, SubscriptionId};
use serde_json::{Value, json};

use super::bench::{Bench, PROJECT, QUEUE, draft, is_too_many, post, subscription, target};
use crate::storage::{
    Accepted, Addressed, Addressee, Asking, Draft, Finding, NewSubscription, Post, Purge, StoreError,
    Subscribed, SubscriptionChange, sqlite::Limits,
};

fn with_filter(uri: &str, options: Value) -> NewSubscription {
    let mut new = subscription(uri, 0);
    new.target.options = serde_json::from_value(options).unwrap();
    new
}

fn kind(kind: &str) -> Value {
    json!({"filter": {"kind": [kind]}})
}

async fn subscribe(bench: &Bench, uri: &str, options: Value) -> SubscriptionId {
    match bench.store.subscribe(PROJECT, QUEUE, with_filter(uri, options)).await.unwrap() {
        Subscribed::New(id) => id,
        other => panic!("{other:?}"),
    }
}

/// Posts one message a kind, in one POST, each with a body that says the kind too.
async fn post_kinds(bench: &Bench, kinds: &[&str]) -> Accepted {
    let drafts = kinds.iter().map(|kind| {
        let values = json!({"kind": kind}).as_object().unwrap().clone();
        Draft { attributes: Attributes::new(values).unwrap(), ..draft(&json!({"kind": kind}).to_string()) }
    });
    bench.store.accept(Post { drafts: drafts.collect(), ..post(&[]) }).await.unwrap()
}

fn counts(accepted: &Accepted) -> Vec<usize> {
    accepted.matched.iter().map(|one| one.len()).collect()
}

async fn each_message_goes_to_those_whose_filter_it_passes(mut bench: Bench) {
    bench.subscribe("all.example").await;
    subscribe(&bench, "a.example", kind("a")).await;
    subscribe(&bench, "b.example", json!({"filter": {"kind": ["b"]}, "filter_scope": "body"})).await;
    let accepted = post_kinds(&bench, &["a", "b", "c", "a"]).await;
    assert_eq!(counts(&accepted), [2, 2, 1, 2]);
    assert!(Arc::ptr_eq(&accepted.matched[0], &accepted.matched[3]), "equal lists are shared");
    let (a, b) = (accepted.matched[0][1].target, accepted.matched[1][1].target);
    assert_ne!(a, b);
    let fresh = bench.fresh().await;
    let of = |n: usize| {
        let handed = fresh.iter().filter(|one| one.message == accepted.ids[n]);
        handed.map(|one| (one.target, one.first)).collect::<Vec<_>>()
    };
    let all = accepted.matched[2][0].target;
    assert_eq!(of(0), [(all, 0), (a, 1)]);
    assert_eq!(of(1), [(all, 0), (b, 1)]);
    assert_eq!(of(2), [(all, 0)]);
}

async fn without_filters_all_messages_of_a_post_share_one_list(bench: Bench) {
    bench.subscribe("a.example").await;
    bench.subscribe("b.example").await;
    let accepted = bench.post(&["1", "2"]).await;
    assert!(Arc::ptr_eq(&accepted.matched[0], &accepted.matched[1]));
}

async fn a_body_that_is_no_object_passes_no_filter_of_bodies(bench: Bench) {
    let absent = json!({"filter": {"kind": [{"exists": false}]}, "filter_scope": "body"});
    subscribe(&bench, "a.example", absent).await;
    assert_eq!(counts(&bench.post(&["{}", "[]", "plain", "\"text\""]).await), [1, 0, 0, 0]);
}

async fn a_change_of_a_filter_holds_from_the_next_message_on(bench: Bench) {
    let id = subscribe(&bench, "a.example", kind("a")).await;
    assert_eq!(counts(&post_kinds(&bench, &["a", "b"]).await), [1, 0]);
    for (options, expected) in [(kind("b"), [0, 1]), (json!({}), [1, 1]), (kind("a"), [1, 0])] {
        let new = with_filter("a.example", options);
        let change = SubscriptionChange { target: Some((new.uri_key, new.target)), ttl: None, asking: None };
        bench.store.subscription_change(PROJECT, QUEUE, id, change).await.unwrap();
        assert_eq!(counts(&post_kinds(&bench, &["a", "b"]).await), expected);
    }
    bench.store.subscription_end(PROJECT, QUEUE, id).await.unwrap();
    assert_eq!(counts(&post_kinds(&bench, &["a", "b"]).await), [0, 0]);
}

async fn purging_subscriptions_leaves_nobody(bench: Bench) {
    subscribe(&bench, "a.example", kind("a")).await;
    assert_eq!(counts(&post_kinds(&bench, &["a"]).await), [1]);
    bench.store.queue_purge(PROJECT, QUEUE, Purge { messages: false, subscriptions: true }).await.unwrap();
    assert_eq!(counts(&post_kinds(&bench, &["a"]).await), [0]);
    subscribe(&bench, "a.example", kind("a")).await;
    assert_eq!(counts(&post_kinds(&bench, &["a"]).await), [1]);
}

async fn filters_hold_after_a_restart(mut bench: Bench) {
    let options = json!({"filter": {"kind": [{"prefix": "ord"}]}, "filter_scope": "attributes"});
    subscribe(&bench, "a.example", options).await;
    bench.reopen().await;
    assert_eq!(counts(&post_kinds(&bench, &["order", "bill"]).await), [1, 0]);
}

async fn those_who_expire_go_and_those_with_filters_stay(bench: Bench) {
    subscribe(&bench, "a.example", kind("a")).await;
    bench.store.subscribe(PROJECT, QUEUE, subscription("b.example", 60)).await.unwrap();
    assert_eq!(counts(&post_kinds(&bench, &["a", "b"]).await), [2, 1]);
    bench.turn(60_000);
    assert_eq!(counts(&post_kinds(&bench, &["a", "b"]).await), [1, 0]);
}

async fn a_queue_has_so_many_different_filters(mut bench: Bench) {
    bench.reopen_with(Limits { max_filters: 2, ..Limits::default() }).await;
    for (uri, name) in [("a.example", "a"), ("b.example", "b"), ("c.example", "a")] {
        subscribe(&bench, uri, kind(name)).await;
    }
    let one_more = with_filter("d.example", kind("d"));
    let refused = bench.store.subscribe(PROJECT, QUEUE, one_more.clone()).await.unwrap_err();
    assert!(is_too_many(&refused, "queues.max_filters"), "{refused}");
    assert_eq!(counts(&post_kinds(&bench, &["a", "d"]).await), [2, 0], "what was refused left nothing");
    assert!(bench.store.subscribe(PROJECT, "other", one_more).await.is_ok());
    bench.subscribe("e.example").await;
}

async fn filters_of_those_who_are_disabled_or_wait_for_a_yes_count_too(mut bench: Bench) {
    bench.reopen_with(Limits { max_filters: 2, ..Limits::default() }).await;
    let disabled = subscribe(&bench, "a.example", kind("a")).await;
    let gone = Finding::Gone { address: "a.example".into(), why: "it is gone: 410".into(), device: None };
    bench.store.found(disabled, gone, bench.now(), Box::new(|_| None)).await.unwrap();
    let addressee = Addressee {
        address: "b.example".into(),
        counted: "b.example".into(),
        most: (9, "most"),
        target: Some(target("b.example")),
    };
    let asking = Asking { of: vec![addressee], wording: None, ttl: 60, period_ms: 1 };
    let waiting = NewSubscription { asking: Some(asking), ..with_filter("b.example", kind("b")) };
    bench.store.subscribe(PROJECT, QUEUE, waiting).await.unwrap();
    for _ in 0..2 {
        let one_more = bench.store.subscribe(PROJECT, QUEUE, with_filter("c.example", kind("c"))).await;
        assert!(is_too_many(&one_more.unwrap_err(), "queues.max_filters"));
        assert_eq!(counts(&post_kinds(&bench, &["a", "b"]).await), [0, 0]);
        bench.reopen_with(Limits { max_filters: 2, ..Limits::default() }).await;
    }
    bench.store.subscription_enable(PROJECT, QUEUE, disabled).await.unwrap();
    assert_eq!(counts(&post_kinds(&bench, &["a", "b"]).await), [1, 0]);
}

/// Gives the subscription `id` at `uri` these options.
async fn change(bench: &Bench, id: SubscriptionId, uri: &str, options: Value) -> Result<(), StoreError> {
    let new = with_filter(uri, options);
    let change = SubscriptionChange { target: Some((new.uri_key, new.target)), ttl: None, asking: None };
    bench.store.subscription_change(PROJECT, QUEUE, id, change).await.map(drop)
}

async fn a_change_that_adds_no_filter_is_never_one_too_many(mut bench: Bench) {
    bench.reopen_with(Limits { max_filters: 2, ..Limits::default() }).await;
    let a = subscribe(&bench, "a.example", kind("a")).await;
    let b = subscribe(&bench, "b.example", kind("b")).await;
    change(&bench, a, "a.example", kind("c")).await.unwrap();
    assert_eq!(counts(&post_kinds(&bench, &["a", "b", "c"]).await), [0, 1, 1]);
    subscribe(&bench, "also-b.example", kind("b")).await;
    let refused = change(&bench, b, "b.example", kind("d")).await.unwrap_err();
    assert!(is_too_many(&refused, "queues.max_filters"), "the other one still has it: {refused}");
    change(&bench, b, "b.example", kind("c")).await.unwrap();
    change(&bench, b, "b.example", kind("b")).await.unwrap();
    bench.reopen_with(Limits { max_filters: 1, ..Limits::default() }).await;
    change(&bench, a, "elsewhere.example", kind("c")).await.unwrap();
    change(&bench, a, "elsewhere.example", kind("e")).await.unwrap();
    assert_eq!(counts(&post_kinds(&bench, &["b", "c", "e"]).await), [2, 0, 1]);
}

/// With next to no memory every queue but the last is read again: the answers stay the same.
async fn a_forgotten_queue_is_read_again(mut bench: Bench) {
    bench.reopen_with(Limits { index_bytes: 1, ..Limits::default() }).await;
    for queue in ["x", "y", "z"] {
        for name in ["a", "b"] {
            let new = with_filter(&format!("{name}.example"), kind(name));
            bench.store.subscribe(PROJECT, queue, new).await.unwrap();
        }
    }
    let values = json!({"kind": "b"}).as_object().unwrap().clone();
    let wanted = Draft { attributes: Attributes::new(values).unwrap(), ..draft("1") };
    for queue in ["x", "y", "x", "z", "y", "x"] {
        let to = Addressed::Queue(queue.into());
        let drafts = vec![wanted.clone()];
        assert_eq!(counts(&bench.store.accept(Post { to, drafts, ..post(&[]) }).await.unwrap()), [1]);
    }
}

/// The index against the catalog after any changes: what is matched is what a store that was just opened matches.
async fn the_index_says_what_the_catalog_says(mut bench: Bench) {
    let names = ["a", "b", "c"];
    let mut live: Vec<(String, SubscriptionId, Option<&str>)> = Vec::new();
    let mut seed = 7_u32;
    let mut random = |below: usize| {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (seed >> 16) as usize % below
    };
    for step in 0..200 {
        let name = [None, Some("a"), Some("b"), Some("c")][random(4)];
        let options = name.map_or_else(|| json!({}), kind);
        match random(4) {
            0 | 1 => {
                let uri = format!("host{step}.example");
                live.push((uri.clone(), subscribe(&bench, &uri, options).await, name));
            }
            2 if !live.is_empty() => {
                let place = random(live.len());
                let new = with_filter(&live[place].0, options);
                let change =
                    SubscriptionChange { target: Some((new.uri_key, new.target)), ttl: None, asking: None };
                bench.store.subscription_change(PROJECT, QUEUE, live[place].1, change).await.unwrap();
                live[place].2 = name;
            }
            3 if !live.is_empty() => {
                let (_, id, _) = live.remove(random(live.len()));
                bench.store.subscription_end(PROJECT, QUEUE, id).await.unwrap();
            }
            _ => {}
        }
        let expected =
            names.map(|kind| live.iter().filter(|one| one.2.is_none_or(|name| name == kind)).count());
        assert_eq!(counts(&post_kinds(&bench, &names).await), expected, "step {step}");
        while bench.published.try_recv().is_ok() {}
    }
    let before = post_kinds(&bench, &names).await;
    bench.reopen().await;
    assert_eq!(post_kinds(&bench, &names).await.matched, before.matched);
}

async fn what_is_not_answered_is_not_in_the_index(mut bench: Bench) {
    bench.reopen_with(Limits { max_filters: 1, ..Limits::default() }).await;
    let id = subscribe(&bench, "a.example", kind("a")).await;
    assert_eq!(counts(&post_kinds(&bench, &["a", "b"]).await), [1, 0]);
    subscribe(&bench, "b.example", kind("a")).await;
    assert!(change(&bench, id, "a.example", kind("b")).await.is_err());
    assert_eq!(counts(&post_kinds(&bench, &["a", "b"]).await), [2, 0]);
}

super::promises! {
    each_message_goes_to_those_whose_filter_it_passes,
    without_filters_all_messages_of_a_post_share_one_list,
    a_body_that_is_no_object_passes_no_filter_of_bodies,
    a_change_of_a_filter_holds_from_the_next_message_on,
    purging_subscriptions_leaves_nobody,
    filters_hold_after_a_restart,
    those_who_expire_go_and_those_with_filters_stay,
    a_queue_has_so_many_different_filters,
    filters_of_those_who_are_disabled_or_wait_for_a_yes_count_too,
    a_change_that_adds_no_filter_is_never_one_too_many,
    a_forgotten_queue_is_read_again,
    the_index_says_what_the_catalog_says,
    what_is_not_answered_is_not_in_the_index,
}
