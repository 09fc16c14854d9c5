//! Claims.

use nuncio_core::{ClaimId, MessageId};
use tokio::task::JoinSet;

use super::bench::{Bench, PROJECT, QUEUE, draft, key, post};
use crate::storage::{
    Claimed, DeadLetters, Deletion, Draft, NewClaim, Post, PullFilter, Pulled, Purge, sqlite::Limits,
};

const TTL: i64 = 300;

fn asked(limit: u32) -> NewClaim {
    NewClaim { ttl: TTL, grace: 60, limit, dead_letters: None }
}

async fn claim(bench: &Bench, limit: u32) -> Option<Claimed> {
    bench.store.claim(PROJECT, QUEUE, asked(limit)).await.unwrap()
}

async fn list(bench: &Bench, queue: &str, claimed: bool) -> Vec<Pulled> {
    let filter = PullFilter { limit: 100, claimed, ..PullFilter::default() };
    bench.store.messages(PROJECT, queue, filter).await.unwrap()
}

fn ids(messages: &[Pulled]) -> Vec<MessageId> {
    messages.iter().map(|one| one.id).collect()
}

async fn delete(bench: &Bench, id: MessageId, claim: Option<ClaimId>) -> Deletion {
    bench.store.delete_one(PROJECT, QUEUE, id, claim).await.unwrap()
}

async fn a_claim_holds_the_first_messages_that_are_free(bench: Bench) {
    let posted = bench.post(&["1", "2", "3"]).await.ids;
    let first = claim(&bench, 2).await.unwrap();
    assert_eq!((first.ttl, first.since), (TTL, bench.now()));
    assert_eq!(ids(&first.messages), posted[..2]);
    assert!(first.messages.iter().all(|one| one.claim == Some(first.id) && one.claims == 1));
    let second = claim(&bench, 2).await.unwrap();
    assert_eq!(ids(&second.messages), posted[2..]);
    assert_ne!(first.id, second.id);
    assert_eq!(claim(&bench, 2).await, None);
    assert_eq!(bench.store.claim(PROJECT, "none", asked(1)).await.unwrap(), None);
}

async fn what_is_claimed_is_hidden_unless_it_is_asked_for(bench: Bench) {
    let posted = bench.post(&["1", "2"]).await.ids;
    let held = claim(&bench, 1).await.unwrap();
    assert_eq!(ids(&list(&bench, QUEUE, false).await), posted[1..]);
    let all = list(&bench, QUEUE, true).await;
    assert_eq!(ids(&all), posted);
    assert_eq!((all[0].claim, all[1].claim), (Some(held.id), None));
    let stats = bench.store.queue_stats(PROJECT, QUEUE).await.unwrap();
    assert_eq!((stats.free, stats.claimed), (1, 1));
    assert_eq!(ids(&bench.store.pop(PROJECT, QUEUE, 9).await.unwrap()), posted[1..]);
}

async fn a_claim_that_expired_gives_its_messages_back(bench: Bench) {
    let posted = bench.post(&["1"]).await.ids;
    let held = claim(&bench, 1).await.unwrap();
    bench.turn(TTL * 1000 - 1);
    assert_eq!(claim(&bench, 1).await, None);
    assert!(bench.store.claimed(PROJECT, QUEUE, held.id).await.unwrap().is_some());
    bench.turn(1);
    assert_eq!(bench.store.claimed(PROJECT, QUEUE, held.id).await.unwrap(), None);
    assert_eq!(list(&bench, QUEUE, false).await[0].claim, None);
    let again = claim(&bench, 1).await.unwrap();
    assert_eq!((ids(&again.messages), again.messages[0].claims), (posted, 2));
    assert_ne!(again.id, held.id);
}

async fn a_claim_belongs_to_its_project_and_queue(bench: Bench) {
    let id = bench.post(&["1"]).await.ids[0];
    let held = claim(&bench, 1).await.unwrap();
    bench.store.queue_put(PROJECT, "other", Default::default()).await.unwrap();
    bench.store.queue_put("rival", QUEUE, Default::default()).await.unwrap();
    for (project, queue) in [(PROJECT, "other"), ("rival", QUEUE), (PROJECT, "none"), ("nobody", QUEUE)] {
        assert_eq!(bench.store.claimed(project, queue, held.id).await.unwrap(), None);
        assert!(!bench.store.claim_renew(project, queue, held.id, 9, 9).await.unwrap());
        bench.store.claim_release(project, queue, held.id).await.unwrap();
        let gone = bench.store.delete_one(project, queue, id, Some(held.id)).await.unwrap();
        assert_eq!(gone, Deletion::Done, "there is no such message");
    }
    assert_eq!(bench.store.claimed(PROJECT, QUEUE, held.id).await.unwrap(), Some(held));
}

async fn a_released_claim_is_gone_and_its_messages_are_free(bench: Bench) {
    let posted = bench.post(&["1", "2", "3"]).await.ids;
    let held = claim(&bench, 2).await.unwrap();
    for _ in 0..2 {
        bench.store.claim_release(PROJECT, QUEUE, held.id).await.unwrap();
        assert_eq!(bench.store.claimed(PROJECT, QUEUE, held.id).await.unwrap(), None);
    }
    assert_eq!(ids(&claim(&bench, 9).await.unwrap().messages), posted);
}

async fn an_expired_claim_takes_nothing_from_the_next_one(bench: Bench) {
    bench.post(&["1"]).await;
    let old = claim(&bench, 1).await.unwrap();
    bench.turn(TTL * 1000);
    let new = claim(&bench, 1).await.unwrap();
    bench.store.claim_release(PROJECT, QUEUE, old.id).await.unwrap();
    assert!(!bench.store.claim_renew(PROJECT, QUEUE, old.id, 9, 9).await.unwrap());
    assert_eq!(bench.store.claimed(PROJECT, QUEUE, new.id).await.unwrap(), Some(new));
}

async fn a_renewed_claim_lives_from_now_on(bench: Bench) {
    bench.post(&["1"]).await;
    let held = claim(&bench, 1).await.unwrap();
    bench.turn(200_000);
    assert!(bench.store.claim_renew(PROJECT, QUEUE, held.id, 100, 60).await.unwrap());
    let renewed = bench.store.claimed(PROJECT, QUEUE, held.id).await.unwrap().unwrap();
    assert_eq!((renewed.ttl, renewed.since), (100, bench.now()));
    bench.turn(99_999);
    assert_eq!(claim(&bench, 1).await, None);
    bench.turn(1);
    assert_eq!(claim(&bench, 1).await.unwrap().messages.len(), 1, "sooner than it was to end at first");
}

async fn a_message_outlives_its_claim(bench: Bench) {
    let short = Draft { ttl: 60, ..draft("1") };
    bench.store.accept(Post { drafts: vec![short, draft("2")], ..post(&[]) }).await.unwrap();
    let held = claim(&bench, 2).await.unwrap();
    assert_eq!(held.messages.iter().map(|one| one.ttl).collect::<Vec<_>>(), [TTL + 60, 3600]);
    bench.turn((TTL + 60) * 1000 - 1);
    assert_eq!(list(&bench, QUEUE, false).await.len(), 2);
    bench.turn(1);
    assert_eq!(list(&bench, QUEUE, false).await.len(), 1);
    let held = claim(&bench, 1).await.unwrap();
    assert!(bench.store.claim_renew(PROJECT, QUEUE, held.id, 7200, 100).await.unwrap());
    assert_eq!(list(&bench, QUEUE, true).await[0].ttl, 7300);
}

async fn a_delayed_message_is_not_claimed(bench: Bench) {
    let delayed = Draft { delay: Some(5), ..draft("1") };
    bench.store.accept(Post { drafts: vec![delayed], ..post(&[]) }).await.unwrap();
    let next = bench.post(&["2"]).await.ids;
    assert_eq!(ids(&claim(&bench, 5).await.unwrap().messages), next);
    bench.turn(5_000);
    assert_eq!(claim(&bench, 5).await.unwrap().messages.len(), 1);
}

async fn a_claimed_message_is_deleted_by_its_claim_alone(bench: Bench) {
    let posted = bench.post(&["1", "2", "3"]).await.ids;
    let (one, two) = (claim(&bench, 1).await.unwrap().id, claim(&bench, 1).await.unwrap().id);
    assert_eq!(delete(&bench, posted[0], None).await, Deletion::NeedsClaim);
    assert_eq!(delete(&bench, posted[0], Some(two)).await, Deletion::OtherClaim);
    assert_eq!(delete(&bench, posted[0], Some(ClaimId(7))).await, Deletion::UnknownClaim);
    assert_eq!(delete(&bench, posted[2], Some(one)).await, Deletion::NotClaimed);
    assert_eq!(list(&bench, QUEUE, true).await.len(), 3);
    for _ in 0..2 {
        assert_eq!(delete(&bench, posted[0], Some(one)).await, Deletion::Done);
    }
    assert_eq!(delete(&bench, posted[2], None).await, Deletion::Done);
    assert_eq!(ids(&list(&bench, QUEUE, true).await), posted[1..2]);
    assert_eq!(bench.store.claimed(PROJECT, QUEUE, one).await.unwrap(), None, "it holds nothing any more");
}

async fn many_are_deleted_by_their_claims_or_none(bench: Bench) {
    let posted = bench.post(&["1", "2", "3"]).await.ids;
    let (one, two) = (claim(&bench, 1).await.unwrap().id, claim(&bench, 1).await.unwrap().id);
    let delete = |ids: &[MessageId], claims: &[ClaimId]| {
        bench.store.delete_claimed(PROJECT, QUEUE, ids.to_vec(), claims.to_vec())
    };
    assert_eq!(delete(&posted[..2], &[one]).await.unwrap(), Deletion::OtherClaim);
    assert_eq!(delete(&posted, &[one, two]).await.unwrap(), Deletion::NotClaimed);
    assert_eq!(list(&bench, QUEUE, true).await.len(), 3);
    assert_eq!(delete(&posted[..2], &[one, two]).await.unwrap(), Deletion::Done);
    assert_eq!(ids(&list(&bench, QUEUE, true).await), posted[2..]);
}

/// Claims the only message of the queue until it was claimed twice, then once more.
async fn claimed_too_often(bench: &Bench, ttl: Option<i64>) -> Option<Claimed> {
    let letters = DeadLetters { queue: "dead".into(), max_claims: 2, ttl };
    let again =
        || bench.store.claim(PROJECT, QUEUE, NewClaim { dead_letters: Some(letters.clone()), ..asked(1) });
    for _ in 0..2 {
        assert_eq!(again().await.unwrap().unwrap().messages.len(), 1);
        bench.turn(TTL * 1000);
    }
    again().await.unwrap()
}

async fn what_was_claimed_too_often_goes_to_the_dead_letters(bench: Bench) {
    bench.subscribe("a.example").await;
    let id = bench.post(&["1"]).await.ids[0];
    assert_eq!(claimed_too_often(&bench, Some(1000)).await, None);
    assert!(list(&bench, QUEUE, true).await.is_empty());
    assert!(list(&bench, "dead", false).await.is_empty(), "until the claim would end");
    bench.turn(TTL * 1000);
    let dead = list(&bench, "dead", false).await;
    assert_eq!((dead[0].id, dead[0].ttl, dead[0].claims, &*dead[0].body), (id, 1000, 2, &b"1"[..]));
    assert_eq!(bench.state(key(id, 0)).await.name(), "waiting", "its delivery is not touched");
    assert!(bench.store.claim(PROJECT, "dead", asked(1)).await.unwrap().is_some());
}

async fn a_dead_letter_stays_until_it_could_be_seen(bench: Bench) {
    bench.post(&["1"]).await;
    assert_eq!(claimed_too_often(&bench, Some(1)).await, None);
    bench.turn(TTL * 1000);
    assert_eq!(list(&bench, "dead", false).await.len(), 1);
}

async fn others_are_claimed_behind_what_goes_to_the_dead_letters(bench: Bench) {
    bench.post(&["1"]).await;
    let letters = DeadLetters { queue: "dead".into(), max_claims: 1, ttl: None };
    let again =
        || bench.store.claim(PROJECT, QUEUE, NewClaim { dead_letters: Some(letters.clone()), ..asked(1) });
    again().await.unwrap();
    bench.turn(TTL * 1000);
    let second = bench.post(&["2"]).await.ids;
    assert_eq!(ids(&again().await.unwrap().unwrap().messages), second);
    assert_eq!(list(&bench, "dead", true).await.len(), 1);
}

async fn a_full_dead_letter_queue_loses_nothing(_: Bench) {
    let bench = Bench::with_room(1).await;
    let full = Post { to: crate::storage::Addressed::Queue("dead".into()), ..post(&["x"]) };
    bench.store.accept(full).await.unwrap();
    let id = bench.post(&["1"]).await.ids[0];
    assert_eq!(claimed_too_often(&bench, None).await, None);
    assert_eq!(ids(&list(&bench, QUEUE, true).await), [id]);
    assert!(list(&bench, QUEUE, false).await.is_empty());
    assert_eq!(delete(&bench, MessageId(1), None).await, Deletion::Done);
    bench.store.pop(PROJECT, "dead", 1).await.unwrap();
    bench.turn(TTL * 1000);
    assert_eq!(ids(&list(&bench, QUEUE, false).await), [id]);
}

async fn a_dead_letter_that_comes_after_a_purge_is_not_purged(bench: Bench) {
    bench.store.queue_put(PROJECT, "dead", Default::default()).await.unwrap();
    bench.post(&["1"]).await;
    bench.store.queue_purge(PROJECT, "dead", Purge { messages: true, subscriptions: true }).await.unwrap();
    assert_eq!(claimed_too_often(&bench, None).await, None);
    assert_eq!(list(&bench, "dead", true).await.len(), 1);
}

async fn a_dead_letter_is_kept_while_its_queue_holds_it(_: Bench) {
    let bench = Bench::with(Limits { keep_settled: std::time::Duration::ZERO, ..Limits::default() }).await;
    bench.post(&["1"]).await;
    claimed_too_often(&bench, None).await;
    bench.turn(TTL * 1000);
    bench.store.forget(MessageId::NONE).await.unwrap();
    assert_eq!(list(&bench, "dead", false).await.len(), 1);
    bench.store.pop(PROJECT, "dead", 1).await.unwrap();
    assert_eq!(bench.store.forget(MessageId::NONE).await.unwrap().messages, 1);
}

async fn claims_survive_a_power_cut(mut bench: Bench) {
    let posted = bench.post(&["1", "2"]).await.ids;
    let held = claim(&bench, 1).await.unwrap();
    bench.cut_power();
    assert_eq!(bench.store.claimed(PROJECT, QUEUE, held.id).await.unwrap(), Some(held));
    let next = claim(&bench, 9).await.unwrap();
    assert_eq!(ids(&next.messages), posted[1..]);
}

async fn claims_and_delays_follow_a_clock_that_is_set_back(bench: Bench) {
    let day = 86_400_000;
    let posted = bench.post(&["1", "2"]).await.ids;
    let ended = claim(&bench, 1).await.unwrap();
    bench.turn(200_000);
    let held = claim(&bench, 1).await.unwrap();
    let delayed =
        |text, delay| Post { drafts: vec![Draft { delay: Some(delay), ..draft(text) }], ..post(&[]) };
    let third = bench.store.accept(delayed("3", 400)).await.unwrap().ids;
    bench.turn(101_000);
    assert_eq!(ids(&claim(&bench, 9).await.unwrap().messages), posted[..1]);
    bench.turn(-day);
    let fourth = bench.store.accept(delayed("4", 5)).await.unwrap().ids;
    assert_eq!(claim(&bench, 9).await, None);
    let shown = bench.store.claimed(PROJECT, QUEUE, held.id).await.unwrap().unwrap();
    assert_eq!((shown.since, ids(&shown.messages)), (held.since - day, posted[1..].to_vec()));
    assert_eq!(bench.store.claimed(PROJECT, QUEUE, ended.id).await.unwrap(), None);
    // 101 s of its life were over.
    bench.turn(TTL * 1000 - 101_000);
    assert_eq!(ids(&claim(&bench, 9).await.unwrap().messages), [posted[1], fourth[0]]);
    bench.turn(100_000);
    assert_eq!(ids(&claim(&bench, 9).await.unwrap().messages), third);
}

async fn nothing_is_claimed_twice_at_once(bench: Bench) {
    let bodies: Vec<String> = (0..60).map(|n| n.to_string()).collect();
    bench.post(&bodies.iter().map(String::as_str).collect::<Vec<_>>()).await;
    let mut claims = JoinSet::new();
    for _ in 0..30 {
        let store = bench.store.clone();
        claims.spawn(async move { store.claim(PROJECT, QUEUE, asked(3)).await.unwrap() });
    }
    let all = claims.join_all().await;
    let mut held: Vec<_> = all.into_iter().flatten().flat_map(|one| ids(&one.messages)).collect();
    held.sort();
    let count = held.len();
    held.dedup();
    assert_eq!((count, held.len()), (60, 60));
}

super::promises! {
    a_claim_holds_the_first_messages_that_are_free,
    what_is_claimed_is_hidden_unless_it_is_asked_for,
    a_claim_that_expired_gives_its_messages_back,
    a_claim_belongs_to_its_project_and_queue,
    a_released_claim_is_gone_and_its_messages_are_free,
    an_expired_claim_takes_nothing_from_the_next_one,
    a_renewed_claim_lives_from_now_on,
    a_message_outlives_its_claim,
    a_delayed_message_is_not_claimed,
    a_claimed_message_is_deleted_by_its_claim_alone,
    many_are_deleted_by_their_claims_or_none,
    what_was_claimed_too_often_goes_to_the_dead_letters,
    a_dead_letter_stays_until_it_could_be_seen,
    others_are_claimed_behind_what_goes_to_the_dead_letters,
    a_full_dead_letter_queue_loses_nothing,
    a_dead_letter_that_comes_after_a_purge_is_not_purged,
    a_dead_letter_is_kept_while_its_queue_holds_it,
    claims_survive_a_power_cut,
    claims_and_delays_follow_a_clock_that_is_set_back,
    nothing_is_claimed_twice_at_once,
}
