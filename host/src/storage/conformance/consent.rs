//! The yes of those to whom subscriptions lead.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicUsize, Ordering},
};

use nuncio_core::{Kind, SubscriptionId};

use super::bench::{Bench, PROJECT, QUEUE, draft, subscription, target};
use crate::storage::{
    Addressee, Asking, By, NewSubscription, StoreError, Subscribed, SubscriptionChange, Telling, Updated,
    Word, Wording,
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
    a_question_comes_with_its_subscription_and_matches_nothing_else,
    everybody_must_agree_and_each_answers_for_himself,
    the_answer_of_one_is_never_that_of_another,
    nobody_is_asked_too_often_whatever_becomes_of_subscriptions,
    who_was_sent_to_without_a_word_need_not_agree_to_a_change,
    an_event_is_written_only_when_something_changes,
}
