//! The yes of those to whom subscriptions lead.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use nuncio_core::{Cursor, Kind, LaneRules, MessageId, SubscriptionId, Why};
use serde_json::json;

use super::bench::{Bench, PROJECT, QUEUE, draft, key, post, subscription, target, waits};
use crate::{
    storage::{
        Addressed, Addressee, Asking, By, NewSubscription, NewTarget, Post, StoreError, Subscribed,
        SubscriptionChange, Telling, Updated, Word, Wording, sqlite::Limits,
    },
    tenants::{Quota, Quotas},
};

const DAY: i64 = 86_400;

/// What was asked: who, until when.
type Asked = Arc<Mutex<Vec<(String, i64)>>>;

fn asking(addresses: &[&str], most: u64, asked: &Asked) -> Asking {
    let asked = Arc::clone(asked);
    let one = |address: &&str| Addressee {
        address: (*address).to_owned(),
        counted: (*address).to_owned(),
        most: (most, "most"),
        target: Some(target(address)),
    };
    Asking {
        of: addresses.iter().map(one).collect(),
        wording: Some(Wording::new(move |question| {
            asked.lock().unwrap().push((question.address.to_owned(), question.expires));
            Some(draft("\"do you agree?\""))
        })),
        ttl: DAY,
        period_ms: 3_600_000,
    }
}

fn wish(uri: &str, asking: Asking) -> NewSubscription {
    NewSubscription { asking: Some(asking), ..subscription(uri, DAY) }
}

async fn subscribed(bench: &Bench, new: NewSubscription) -> SubscriptionId {
    match bench.store.subscribe(PROJECT, QUEUE, new).await.unwrap() {
        Subscribed::New(id) | Subscribed::Exists { id, .. } => id,
    }
}

async fn says(bench: &Bench, id: SubscriptionId, yes: bool, expires: i64) -> Updated {
    let word = Word { yes, by: By::Asked { expires }, asking: None, tell: None };
    bench.store.subscription_confirm(PROJECT, QUEUE, id, word).await.unwrap()
}

async fn is_confirmed(bench: &Bench, id: SubscriptionId) -> bool {
    bench.store.subscription(PROJECT, QUEUE, id).await.unwrap().unwrap().confirmed
}

/// How many a message matches.
async fn matched(bench: &Bench) -> usize {
    bench.post(&["1"]).await.matched[0].len()
}

async fn a_question_comes_with_its_subscription_and_matches_nothing_else(mut bench: Bench) {
    let asked = Asked::default();
    let id = subscribed(&bench, wish("a", asking(&["a"], 9, &asked))).await;
    let brought = bench.brought().await;
    assert_eq!((brought.messages.len(), brought.fresh.len()), (1, 1));
    assert_eq!(brought.messages[0].kind, Kind::Confirmation);
    assert_eq!(matched(&bench).await, 0);
    let expires = asked.lock().unwrap()[0].1;
    assert_eq!(expires, bench.now() / 1000 * 1000 + DAY * 1000);
    assert_eq!(says(&bench, id, true, expires + 1000).await, Updated::Absent);
    assert_eq!(says(&bench, id, true, expires).await, Updated::Done);
    assert!(is_confirmed(&bench, id).await);
    assert_eq!(matched(&bench).await, 1);
    assert_eq!(says(&bench, id, false, expires).await, Updated::Done);
    assert!(!is_confirmed(&bench, id).await);
}

async fn everybody_must_agree_and_each_answers_for_himself(bench: Bench) {
    let asked = Asked::default();
    let id = subscribed(&bench, wish("a", asking(&["a", "b"], 9, &asked))).await;
    let questions = asked.lock().unwrap().clone();
    assert_ne!(questions[0].1, questions[1].1, "an answer tells whose it is");
    for _ in 0..2 {
        assert_eq!(says(&bench, id, true, questions[0].1).await, Updated::Done);
    }
    assert!(!is_confirmed(&bench, id).await);
    assert_eq!(says(&bench, id, true, questions[1].1).await, Updated::Done);
    assert!(is_confirmed(&bench, id).await);
}

/// Also when both are asked within the same second, and the first one is not needed any more.
async fn the_answer_of_one_is_never_that_of_another(bench: Bench) {
    let asked = Asked::default();
    let id = subscribed(&bench, wish("a", asking(&["a"], 9, &asked))).await;
    let change = SubscriptionChange {
        target: Some(("b".to_owned(), target("b"))),
        asking: Some(asking(&["b"], 9, &asked)),
        ..Default::default()
    };
    bench.store.subscription_change(PROJECT, QUEUE, id, change).await.unwrap();
    let questions = asked.lock().unwrap().clone();
    assert_eq!(says(&bench, id, true, questions[0].1).await, Updated::Absent);
    assert!(!is_confirmed(&bench, id).await);
    assert_eq!(says(&bench, id, true, questions[1].1).await, Updated::Done);
}

async fn nobody_is_asked_too_often_whatever_becomes_of_subscriptions(mut bench: Bench) {
    let asked = Asked::default();
    let id = subscribed(&bench, wish("a", asking(&["a"], 2, &asked))).await;
    bench.store.subscription_end(PROJECT, QUEUE, id).await.unwrap();
    subscribed(&bench, wish("a", asking(&["a"], 2, &asked))).await;
    bench.reopen().await;
    let refused = bench.store.subscribe(PROJECT, "other", wish("a", asking(&["a"], 2, &asked))).await;
    assert!(
        matches!(refused, Err(StoreError::AskedTooOften { value: 2, seconds: 1..=3600, .. })),
        "{refused:?}"
    );
    assert_eq!(asked.lock().unwrap().len(), 2);
    bench.turn(3_600_001);
    subscribed(&bench, wish("a", asking(&["a"], 2, &asked))).await;
    assert_eq!(asked.lock().unwrap().len(), 3);
}

async fn who_was_sent_to_without_a_word_need_not_agree_to_a_change(bench: Bench) {
    let asked = Asked::default();
    let id = bench.subscribe("a").await;
    let change = |who: &[&str]| SubscriptionChange {
        target: Some(("a".to_owned(), target("a"))),
        asking: Some(asking(who, 9, &asked)),
        ..Default::default()
    };
    bench.store.subscription_change(PROJECT, QUEUE, id, change(&["a"])).await.unwrap();
    let matches = matched(&bench).await;
    assert_eq!((asked.lock().unwrap().len(), matches), (0, 1));
    bench.store.subscription_change(PROJECT, QUEUE, id, change(&["a", "b"])).await.unwrap();
    let questions = asked.lock().unwrap().clone();
    assert_eq!((questions.len(), questions[0].0.as_str()), (1, "b"));
    assert_eq!(matched(&bench).await, 0);
    says(&bench, id, true, questions[0].1).await;
    assert_eq!(matched(&bench).await, 1);
}

fn event() -> Telling {
    Telling::new(|| {
        let to = Addressed::Queue("events".into());
        Some(Post { to, kind: Kind::Event, ..post(&["{}"]) })
    })
}

/// Says no as the one who was asked until `expires`, who is told how to come back, and what happens is told.
async fn refuses(bench: &Bench, id: SubscriptionId, expires: i64, asked: &Asked) -> Updated {
    let asking = Some(asking(&["a"], 9, asked));
    let word = Word { yes: false, by: By::Asked { expires }, asking, tell: Some(event()) };
    bench.store.subscription_confirm(PROJECT, QUEUE, id, word).await.unwrap()
}

async fn a_no_counts_although_there_is_no_room_for_what_it_would_tell(_: Bench) {
    let room = Limits::default();
    for full in [Limits { max_backlog: 1, ..room.clone() }, Limits { min_free: u64::MAX, ..room }] {
        let mut bench = Bench::new().await;
        let asked = Asked::default();
        let id = subscribed(&bench, wish("a", asking(&["a"], 9, &asked))).await;
        let expires = asked.lock().unwrap()[0].1;
        says(&bench, id, true, expires).await;
        bench.reopen_with(full).await;
        assert_eq!(refuses(&bench, id, expires, &asked).await, Updated::Done);
        assert!(!is_confirmed(&bench, id).await);
    }
}

async fn an_answer_counts_although_the_project_may_have_no_queue_for_its_event(_: Bench) {
    let quotas = Arc::new(Quotas::new(Quota { queues: 1, ..Quota::default() }, BTreeMap::new()));
    let bench = Bench::with(Limits { quotas, ..Limits::default() }).await;
    let asked = Asked::default();
    let id = subscribed(&bench, wish("a", asking(&["a"], 9, &asked))).await;
    let expires = asked.lock().unwrap()[0].1;
    let word = Word { yes: true, by: By::Asked { expires }, asking: None, tell: Some(event()) };
    assert_eq!(bench.store.subscription_confirm(PROJECT, QUEUE, id, word).await.unwrap(), Updated::Done);
    assert!(is_confirmed(&bench, id).await);
    assert_eq!(refuses(&bench, id, expires, &asked).await, Updated::Done);
    assert!(!is_confirmed(&bench, id).await);
    assert!(bench.store.queue(PROJECT, "events").await.unwrap().is_none());
}

/// In the lane of its subscription it would wait behind what waits for its answer.
async fn a_question_stays_out_of_the_lane_of_its_subscription(mut bench: Bench) {
    let asked = Asked::default();
    let mut asking = asking(&["a.example"], 9, &asked);
    asking.of[0].target = None;
    let options = json!({"ordered": true});
    let rules = LaneRules::parse(options.as_object().unwrap()).unwrap();
    let ordered = NewTarget { rules, ..target("a.example") };
    let new = NewSubscription { target: ordered, ..wish("a.example", asking) };
    let id = subscribed(&bench, new).await;
    let question = bench.fresh().await.remove(0);
    let (lane, asks) = (question.lane, key(question.message, 0));
    let page = bench.store.scan(Cursor::default(), 10).await.unwrap();
    assert_eq!(page.fresh[0].lane, lane, "after a restart");
    bench.record(vec![waits(asks, lane, question.target, 500, Why::Retry)]).await;
    assert_eq!(bench.delivery(asks).await.lane, lane, "tried again by hand");
    let change = SubscriptionChange {
        target: Some(("b.example".to_owned(), target("b.example"))),
        ..Default::default()
    };
    bench.store.subscription_change(PROJECT, QUEUE, id, change).await.unwrap();
    for _ in 0..3 {
        bench.store.check().await.unwrap();
    }
    let rows = bench.store.load(lane, (i64::MIN, key(MessageId::NONE, 0)), i64::MAX, 10).await.unwrap().rows;
    assert_eq!(rows.len(), 1, "when the subscription moves");
}

async fn an_event_is_written_only_when_something_changes(bench: Bench) {
    let asked = Asked::default();
    let id = subscribed(&bench, wish("a,b", asking(&["a", "b"], 9, &asked))).await;
    let questions = asked.lock().unwrap().clone();
    let written = Arc::new(AtomicUsize::new(0));
    let says = async |yes, by| {
        let count = Arc::clone(&written);
        let telling = Telling::new(move || {
            count.fetch_add(1, Ordering::SeqCst);
            None
        });
        let word = Word { yes, by, asking: None, tell: Some(telling) };
        bench.store.subscription_confirm(PROJECT, QUEUE, id, word).await.unwrap();
        written.load(Ordering::SeqCst)
    };
    let of = |n: usize| By::Asked { expires: questions[n].1 };
    assert_eq!(says(true, of(0)).await, 0, "one of two");
    assert_eq!((says(true, of(1)).await, says(true, of(1)).await), (1, 1));
    assert_eq!((says(false, By::All).await, says(false, By::All).await), (2, 2));
}

super::promises! {
    a_no_counts_although_there_is_no_room_for_what_it_would_tell,
    an_answer_counts_although_the_project_may_have_no_queue_for_its_event,
    a_question_stays_out_of_the_lane_of_its_subscription,
    a_question_comes_with_its_subscription_and_matches_nothing_else,
    everybody_must_agree_and_each_answers_for_himself,
    the_answer_of_one_is_never_that_of_another,
    nobody_is_asked_too_often_whatever_becomes_of_subscriptions,
    who_was_sent_to_without_a_word_need_not_agree_to_a_change,
    an_event_is_written_only_when_something_changes,
}
