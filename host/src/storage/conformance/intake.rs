//! Accepting.

use nuncio_core::{Attributes, MAX_RECIPIENTS, Why};
use serde_json::json;

use super::bench::{Bench, PROJECT, QUEUE, draft, is_full, key, post, subscription, target};
use crate::storage::{Addressed, Dedup, Draft, Post, StoreError};

async fn a_post_matches_the_live_subscriptions_in_their_order(mut bench: Bench) {
    bench.subscribe("b.example/1").await;
    bench.subscribe("a.example,c.example").await;
    let accepted = bench.post(&["1", "2"]).await;
    assert_eq!(accepted.matched[0].iter().map(|one| one.addresses).collect::<Vec<_>>(), [1, 2]);
    let fresh = bench.fresh().await;
    let open: Vec<_> = fresh.iter().map(|one| (one.message, one.first, one.open.clone())).collect();
    let (a, b) = (accepted.ids[0], accepted.ids[1]);
    assert_eq!(open, [(a, 0, vec![0]), (a, 1, vec![1, 2]), (b, 0, vec![0]), (b, 1, vec![1, 2])]);
    assert!(fresh.iter().all(|one| one.post == a.0), "several messages of one POST are a train");
}

async fn a_message_comes_back_as_it_was_posted(mut bench: Bench) {
    bench.subscribe("a.example").await;
    let values = json!({"kind": "order", "n": 1.5, "tags": ["a", null]}).as_object().unwrap().clone();
    let attributes = Attributes::new(values).unwrap();
    let wanted = Draft { delay: Some(4), deliver_until: 9, attributes, ..draft("{\"a\": 1}") };
    let id = bench.store.accept(Post { drafts: vec![wanted.clone()], ..post(&[]) }).await.unwrap().ids[0];
    let message = bench.store.message(id).await.unwrap().unwrap();
    assert_eq!(
        (&message.body, &message.headers, &message.attributes),
        (&wanted.body, &wanted.headers, &wanted.attributes)
    );
    let pulled = bench.store.messages_by_id(PROJECT, QUEUE, vec![id]).await.unwrap();
    assert_eq!(pulled[0].attributes, wanted.attributes);
    assert_eq!((message.delay, message.ttl, message.deliver_until, message.post), (Some(4), 3600, 9, 0));
    assert_eq!((message.created, message.client.as_str()), (bench.now(), "producer"));
    let published = loop {
        let committed = bench.published.recv().await.unwrap();
        if let Some(message) = committed.messages.first() {
            break message.clone();
        }
    };
    assert_eq!(published, message);
}

async fn an_expired_subscription_matches_nothing_new(bench: Bench) {
    bench.store.subscribe(PROJECT, QUEUE, subscription("a.example", 60)).await.unwrap();
    bench.turn(59_999);
    assert_eq!(bench.post(&["1"]).await.matched[0].len(), 1);
    bench.turn(1);
    assert_eq!(bench.post(&["2"]).await.matched[0].len(), 0);
}

async fn a_subscription_answered_sees_the_next_message(bench: Bench) {
    assert_eq!(bench.post(&["1"]).await.matched[0].len(), 0);
    let id = bench.subscribe("a.example").await;
    assert_eq!(bench.post(&["2"]).await.matched[0].len(), 1);
    bench.store.subscription_end(PROJECT, QUEUE, id).await.unwrap();
    assert_eq!(bench.post(&["3"]).await.matched[0].len(), 0);
}

async fn what_is_scheduled_waits_in_its_lane(mut bench: Bench) {
    bench.subscribe("a.example,b.example").await;
    let due = bench.now() + 5_000;
    let later = Draft { deliver_at: due, ..draft("1") };
    let accepted = bench.store.accept(Post { drafts: vec![later], ..post(&[]) }).await.unwrap();
    let scheduled = bench.scheduled().await;
    let lane = scheduled[0].0;
    assert_eq!(scheduled, [(lane, due)]);
    let rows = bench.store.load(lane, (0, key(nuncio_core::MessageId(0), 0)), due, 10).await.unwrap().rows;
    assert_eq!(rows.iter().map(|row| row.key.idx).collect::<Vec<_>>(), [0, 1]);
    assert!(rows.iter().all(|row| row.why == Why::Scheduled && row.since == due && row.first == 0));
    assert!(bench.backlog(10).await.is_empty());
    let view = bench.delivery(key(accepted.ids[0], 1)).await;
    assert_eq!((view.state.name(), view.at), ("held", due));
    bench.turn(5_000);
    assert_eq!(bench.delivery(key(accepted.ids[0], 1)).await.state.name(), "waiting");
}

async fn targets_without_a_queue_are_made_and_not_pulled(bench: Bench) {
    let to = Addressed::Targets(vec![target("a.example,b.example"), target("c.example")]);
    let accepted = bench.store.accept(Post { to, ..post(&["1"]) }).await.unwrap();
    let view = bench.store.target(accepted.matched[0][0].target).await.unwrap().unwrap();
    assert_eq!((view.queue.as_str(), view.project.as_str(), view.ended), ("", PROJECT, false));
    assert_eq!(view.addresses, ["a.example", "b.example"]);
    assert_eq!(view.newest_uri, view.uri);
    assert_eq!(bench.delivery(key(accepted.ids[0], 2)).await.address, "c.example");
    assert!(bench.store.queues(PROJECT, "", 10).await.unwrap().is_empty());
}

async fn a_key_makes_the_same_post_one(bench: Bench) {
    bench.subscribe("a.example").await;
    let keyed = |bodies: &[&str], print: u8| Post {
        dedup: Some(Dedup { key: "k".into(), fingerprint: vec![print], expires: bench.now() + 1000 }),
        ..post(bodies)
    };
    let first = bench.store.accept(keyed(&["1", "2"], 1)).await.unwrap();
    bench.post(&["between"]).await;
    let again = bench.store.accept(keyed(&["1", "2"], 1)).await.unwrap();
    assert!(again.duplicate && !first.duplicate);
    assert_eq!((again.ids, again.matched), (first.ids.clone(), first.matched));
    let other = bench.store.accept(keyed(&["3"], 2)).await.unwrap_err();
    assert_eq!(other, StoreError::KeyReused);
    bench.turn(1000);
    assert!(!bench.store.accept(keyed(&["1", "2"], 1)).await.unwrap().duplicate);
}

async fn a_message_with_too_many_recipients_is_refused_whole(bench: Bench) {
    let mut many = target("a.example");
    many.addresses = vec![String::new(); MAX_RECIPIENTS as usize];
    let to = Addressed::Targets(vec![many, target("one.example/more")]);
    let refused = bench.store.accept(Post { to, ..post(&["1"]) }).await.unwrap_err();
    assert!(is_full(&refused, "recipients of one message"), "{refused}");
    assert!(bench.store.standing().await.unwrap().lanes.is_empty());
}

super::promises! {
    a_post_matches_the_live_subscriptions_in_their_order,
    a_message_comes_back_as_it_was_posted,
    an_expired_subscription_matches_nothing_new,
    a_subscription_answered_sees_the_next_message,
    what_is_scheduled_waits_in_its_lane,
    targets_without_a_queue_are_made_and_not_pulled,
    a_key_makes_the_same_post_one,
    a_message_with_too_many_recipients_is_refused_whole,
}
