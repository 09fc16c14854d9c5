//! Retention: what is settled goes with its age, what is open never does.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use nuncio_core::{Cursor, DeliveryKey, LaneId, MessageId, Settlement, State, TargetId, Why};
use proptest::{prelude::*, test_runner::TestRunner};

use super::bench::{Bench, PROJECT, QUEUE, dead, key, post, target, waits};
use crate::storage::{
    Addressed, Dedup, DeliveryFilter, Post, PullFilter, SubscriptionChange, sqlite::Limits,
};

const SETTLED: i64 = 10_000;
const DEAD: i64 = 30_000;

async fn bench() -> Bench {
    let age = |ms: i64| Duration::from_millis(ms.unsigned_abs());
    let limits = Limits { keep_settled: age(SETTLED), keep_dead_letters: age(DEAD), ..Limits::default() };
    Bench::with(limits).await
}

impl Bench {
    /// Has the store forget all it may; how many messages went.
    pub(super) async fn forget(&self) -> u64 {
        let (mut from, mut gone) = (MessageId::NONE, 0);
        loop {
            let slice = self.store.forget(from).await.unwrap();
            gone += slice.messages;
            match slice.next {
                Some(next) => from = next,
                None => break,
            }
        }
        while self.store.tidy().await.unwrap() {}
        gone
    }

    /// Records settlements with a watermark behind the last message.
    pub(super) async fn settle(&self, settlements: Vec<Settlement>) {
        let head = self.store.standing().await.unwrap().head;
        let low = Cursor { message: MessageId(head.0 + 1), idx: 0 };
        self.store.record(settlements, Vec::new(), low, Arc::new(|why| panic!("{why}"))).await.unwrap();
    }

    /// A settlement as of now.
    fn delivered(&self, key: DeliveryKey) -> Settlement {
        Settlement::Closed { key, state: State::Delivered, n: 1, at: self.now(), code: 200, deferred: false }
    }

    pub(super) async fn empty_queue(&self) {
        while !self.store.pop(PROJECT, QUEUE, 1000).await.unwrap().is_empty() {}
    }

    async fn is_there(&self, id: MessageId) -> bool {
        self.store.message(id).await.unwrap().is_some()
    }
}

async fn what_is_settled_goes_with_its_age_and_what_waits_stays(_: Bench) {
    let mut bench = bench().await;
    bench.subscribe("a.example").await;
    let ids = bench.post(&["1", "2", "3"]).await.ids;
    let fresh = bench.fresh().await.remove(0);
    bench.empty_queue().await;
    bench.turn(5000);
    let wait = waits(key(ids[1], 0), fresh.lane, fresh.target, 500, Why::Retry);
    bench.settle(vec![bench.delivered(key(ids[0], 0)), wait, bench.delivered(key(ids[2], 0))]).await;
    bench.turn(SETTLED - 1);
    assert_eq!(bench.forget().await, 0);
    bench.turn(1);
    assert_eq!(bench.forget().await, 2);
    assert_eq!(bench.store.delivery(PROJECT, key(ids[0], 0)).await.unwrap(), None);
    assert_eq!(bench.state(key(ids[1], 0)).await, State::Waiting);
    let filter = DeliveryFilter { limit: 100, ..DeliveryFilter::default() };
    assert_eq!(bench.store.deliveries(PROJECT, filter).await.unwrap().deliveries.len(), 1);
    let last = ids[2];
    bench.turn(1_000_000);
    assert_eq!(bench.forget().await, 0);
    bench.reopen().await;
    assert!(bench.post(&["4"]).await.ids[0] > last, "no id is issued twice");
}

async fn of_a_block_that_keeps_a_message_its_outcomes_stay(_: Bench) {
    let mut bench = bench().await;
    bench.subscribe("a.example,b.example").await;
    let ids = bench.post(&["1", "2"]).await.ids;
    let fresh = bench.fresh().await.remove(0);
    bench.empty_queue().await;
    let wait = waits(key(ids[1], 0), fresh.lane, fresh.target, 500, Why::Retry);
    for settlement in [bench.delivered(key(ids[0], 0)), bench.delivered(key(ids[0], 1)), wait] {
        bench.settle(vec![settlement]).await;
    }
    bench.settle(vec![bench.delivered(key(ids[1], 1))]).await;
    bench.turn(SETTLED);
    assert_eq!(bench.forget().await, 1);
    assert_eq!(bench.state(key(ids[1], 0)).await, State::Waiting);
    assert_eq!(bench.state(key(ids[1], 1)).await, State::Delivered);
}

async fn a_dead_letter_has_an_age_of_its_own(_: Bench) {
    let mut bench = bench().await;
    bench.subscribe("a.example").await;
    let id = bench.post(&["1"]).await.ids[0];
    let fresh = bench.fresh().await.remove(0);
    bench.empty_queue().await;
    let Settlement::Dead { key, first, target, lane, attempts, reason, failure, deferred, .. } =
        dead(key(id, 0), fresh.lane, fresh.target, false)
    else {
        panic!("a dead letter");
    };
    let at = bench.now();
    bench
        .settle(vec![Settlement::Dead { key, first, target, lane, at, attempts, reason, failure, deferred }])
        .await;
    bench.turn(DEAD - 1);
    assert_eq!(bench.forget().await, 0);
    assert_eq!(bench.delivery(key).await.failures.len(), 1);
    bench.turn(1);
    assert_eq!(bench.forget().await, 1);
    assert_eq!(bench.store.delivery(PROJECT, key).await.unwrap(), None);
}

async fn what_a_queue_or_a_key_still_needs_stays(_: Bench) {
    let bench = bench().await;
    let key = Dedup { key: "k".into(), fingerprint: vec![1], expires: bench.now() + 5 * SETTLED };
    let keyed = Post { dedup: Some(key), ..post(&["1", "2"]) };
    let first = bench.store.accept(keyed.clone()).await.unwrap();
    let other = bench.post(&["3"]).await.ids[0];
    bench.turn(2 * SETTLED);
    assert_eq!(bench.forget().await, 0);
    bench.empty_queue().await;
    assert_eq!(bench.forget().await, 1);
    assert!(!bench.is_there(other).await);
    assert_eq!(bench.store.accept(keyed).await.unwrap().ids, first.ids);
    bench.turn(4 * SETTLED);
    assert_eq!(bench.forget().await, 2);
    assert!(bench.store.messages(PROJECT, QUEUE, PullFilter::default()).await.unwrap().is_empty());
}

async fn targets_and_lanes_of_notifications_go_with_their_last_message(_: Bench) {
    let mut bench = bench().await;
    let to = |uri: &str| Addressed::Targets(vec![target(uri)]);
    let accepted = bench.store.accept(Post { to: to("a.example"), ..post(&["1", "2"]) }).await.unwrap();
    let (aim, lane) = (accepted.matched[0][0].target, bench.fresh().await[0].lane);
    bench.settle(vec![bench.delivered(key(accepted.ids[0], 0))]).await;
    bench.turn(SETTLED / 2);
    bench.settle(vec![bench.delivered(key(accepted.ids[1], 0))]).await;
    bench.turn(SETTLED / 2);
    assert_eq!(bench.forget().await, 1);
    assert!(bench.store.target(aim).await.unwrap().is_some());
    bench.store.accept(Post { to: to("b.example"), ..post(&["3"]) }).await.unwrap();
    bench.turn(SETTLED / 2);
    assert_eq!(bench.forget().await, 1);
    assert!(bench.store.target(aim).await.unwrap().is_none());
    let gone = loop {
        let committed = bench.published.recv().await.unwrap();
        if !committed.lanes_gone.is_empty() {
            break committed.lanes_gone;
        }
    };
    assert_eq!(gone, [lane]);
    assert!(bench.store.standing().await.unwrap().lanes.iter().all(|row| row.id != lane));
    let again = bench.store.accept(Post { to: to("a.example"), ..post(&["4"]) }).await.unwrap();
    assert!(bench.store.target(again.matched[0][0].target).await.unwrap().is_some());
    assert!(bench.fresh().await.iter().all(|one| one.lane != lane), "no lane is numbered twice");
}

async fn what_only_old_messages_needed_goes_after_them(_: Bench) {
    let mut bench = bench().await;
    let id = bench.subscribe("a.example").await;
    let message = bench.post(&["1"]).await.ids[0];
    let old = bench.fresh().await[0].target;
    bench.empty_queue().await;
    let change = SubscriptionChange {
        target: Some(("b.example".into(), target("b.example"))),
        ttl: None,
        asking: None,
    };
    bench.store.subscription_change(PROJECT, QUEUE, id, change).await.unwrap();
    bench.forget().await;
    let matched = bench.post(&["2"]).await;
    bench.empty_queue().await;
    let newest = matched.matched[0][0].target;
    bench.store.queue_delete(PROJECT, QUEUE).await.unwrap();
    bench.forget().await;
    assert!(bench.store.target(old).await.unwrap().is_some_and(|view| view.ended));
    bench.settle(vec![bench.delivered(key(message, 0))]).await;
    bench.turn(SETTLED);
    bench.settle(vec![bench.delivered(key(matched.ids[0], 0))]).await;
    assert_eq!(bench.forget().await, 1);
    assert!(bench.store.target(old).await.unwrap().is_none());
    assert!(bench.store.target(newest).await.unwrap().is_some());
    bench.turn(SETTLED);
    assert_eq!(bench.forget().await, 1);
    assert!(bench.store.target(newest).await.unwrap().is_none());
}

async fn in_need_of_room_settled_messages_go_whatever_their_age(_: Bench) {
    let mut bench = bench().await;
    bench.subscribe("a.example").await;
    let body = "x".repeat(100_000);
    let ids = bench.post(&[&*body; 100]).await.ids;
    let fresh = bench.fresh().await.remove(0);
    bench.empty_queue().await;
    let wait = waits(key(ids[9], 0), fresh.lane, fresh.target, 500, Why::Retry);
    let mut settled: Vec<_> = ids.iter().map(|id| bench.delivered(key(*id, 0))).collect();
    settled[9] = wait;
    bench.settle(settled).await;
    assert_eq!(bench.forget().await, 0);
    let before = bench.store.gauges().await.unwrap();
    bench.reopen_with(Limits { max_bytes: before.used_bytes, ..Limits::default() }).await;
    assert!(bench.store.gauges().await.unwrap().pressed);
    assert!(bench.forget().await > 0);
    let after = bench.store.gauges().await.unwrap();
    assert!(!after.pressed && after.file_bytes < before.file_bytes, "{after:?} {before:?}");
    assert_eq!(bench.state(key(ids[9], 0)).await, State::Waiting);
    assert!(bench.is_there(ids[99]).await, "no more goes than is needed");
    bench.post(&["1"]).await;
}

/// What may happen to a store.
#[derive(Clone, Debug)]
enum Step {
    Posts(usize),
    Says(Vec<(prop::sample::Index, State)>),
    Turns(i64),
    Forgets,
    Pops,
    Reopens,
}

fn step() -> impl Strategy<Value = Step> {
    let said = prop_oneof![
        Just(State::Delivered),
        Just(State::Cancelled),
        Just(State::Waiting),
        Just(State::Held),
        Just(State::Dead),
    ];
    prop_oneof![
        (1..4_usize).prop_map(Step::Posts),
        prop::collection::vec((any::<prop::sample::Index>(), said), 1..6).prop_map(Step::Says),
        (1..2 * DEAD).prop_map(Step::Turns),
        Just(Step::Forgets),
        Just(Step::Pops),
        Just(Step::Reopens),
    ]
}

/// What a plain map knows: how every delivery stands, and since when.
#[derive(Default)]
struct Model {
    all: BTreeMap<DeliveryKey, (Option<State>, i64)>,
    way: Option<(LaneId, TargetId)>,
}

impl Model {
    fn is_open(state: Option<State>) -> bool {
        matches!(state, None | Some(State::Waiting | State::Held))
    }

    /// Above it everything may be open without a row of its own.
    fn low(&self) -> Cursor {
        let first = self.all.iter().find(|(_, (state, _))| state.is_none());
        let end = self.all.last_key_value().map_or(0, |(key, _)| key.message.0 + 1);
        first.map_or(Cursor { message: MessageId(end), idx: 0 }, |(key, _)| Cursor {
            message: key.message,
            idx: key.idx,
        })
    }

    async fn says(&mut self, bench: &Bench, said: &[(prop::sample::Index, State)]) {
        let Some((lane, target)) = self.way else { return };
        let mut all = Vec::new();
        for (index, state) in said {
            let keys: Vec<_> = self.all.keys().copied().collect();
            let key = *index.get(&keys);
            let before = self.all[&key].0;
            if !Self::is_open(before) {
                continue;
            }
            let deferred = before.is_some();
            all.push(match state {
                State::Waiting => waits(key, lane, target, 500, Why::Retry),
                State::Held => waits(key, lane, target, 500, Why::Held),
                State::Dead => match dead(key, lane, target, deferred) {
                    Settlement::Dead {
                        key,
                        first,
                        target,
                        lane,
                        attempts,
                        reason,
                        failure,
                        deferred,
                        ..
                    } => {
                        let at = bench.now();
                        Settlement::Dead { key, first, target, lane, at, attempts, reason, failure, deferred }
                    }
                    other => other,
                },
                state => Settlement::Closed { key, state: *state, n: 1, at: bench.now(), code: 0, deferred },
            });
            self.all.insert(key, (Some(*state), bench.now()));
        }
        bench.store.record(all, Vec::new(), self.low(), Arc::new(|why| panic!("{why}"))).await.unwrap();
    }

    async fn holds(&self, bench: &Bench) {
        let (mut open, mut backlog) = (0, Vec::new());
        for (key, (state, at)) in &self.all {
            let is_open = Self::is_open(*state);
            open += i64::from(is_open);
            backlog.extend(state.is_none().then_some(*key));
            let age = if *state == Some(State::Dead) { DEAD } else { SETTLED };
            let view = bench.store.delivery(PROJECT, *key).await.unwrap();
            if let Some(view) = view {
                assert_eq!(view.state, state.unwrap_or(State::Waiting), "{key:?}");
            } else {
                assert!(!is_open && bench.now() - at >= age, "{key:?} {state:?} is gone");
            }
        }
        let tally = bench.store.gauges().await.unwrap().tally;
        assert_eq!((tally.accepted, tally.open()), (self.all.len() as i64, open));
        assert_eq!(bench.backlog(2).await, backlog);
    }
}

async fn follows_the_model(steps: Vec<Step>) {
    let mut bench = bench().await;
    bench.subscribe("a.example,b.example").await;
    let mut model = Model::default();
    for step in steps {
        match step {
            Step::Posts(n) => {
                let ids = bench.post(&vec!["1"; n]).await.ids;
                let fresh = bench.fresh().await.remove(0);
                model.way = Some((fresh.lane, fresh.target));
                let now = bench.now();
                model.all.extend(ids.iter().flat_map(|id| [0, 1].map(|idx| (key(*id, idx), (None, now)))));
            }
            Step::Says(said) => model.says(&bench, &said).await,
            Step::Turns(ms) => bench.turn(ms),
            Step::Forgets => {
                bench.forget().await;
            }
            Step::Pops => bench.empty_queue().await,
            Step::Reopens => bench.reopen().await,
        }
    }
    model.holds(&bench).await;
    bench.empty_queue().await;
    bench.turn(2 * DEAD);
    let low = model.low();
    bench.store.record(Vec::new(), Vec::new(), low, Arc::new(|why| panic!("{why}"))).await.unwrap();
    bench.forget().await;
    model.holds(&bench).await;
    for (key, (state, _)) in &model.all {
        let keeps = model.all.range(key_of(key.message)).any(|(_, (state, _))| Model::is_open(*state))
            || key.message >= low.message;
        assert_eq!(bench.is_there(key.message).await, keeps, "{key:?} {state:?}");
    }
}

fn key_of(message: MessageId) -> std::ops::Range<DeliveryKey> {
    key(message, 0)..key(MessageId(message.0 + 1), 0)
}

#[test]
fn after_any_sequence_what_is_open_is_there_and_accounts_close() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let config = ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() };
    TestRunner::new(config)
        .run(&prop::collection::vec(step(), 1..24), |steps| {
            runtime.block_on(follows_the_model(steps));
            Ok(())
        })
        .unwrap();
}

super::promises! {
    what_is_settled_goes_with_its_age_and_what_waits_stays,
    of_a_block_that_keeps_a_message_its_outcomes_stay,
    a_dead_letter_has_an_age_of_its_own,
    what_a_queue_or_a_key_still_needs_stays,
    targets_and_lanes_of_notifications_go_with_their_last_message,
    what_only_old_messages_needed_goes_after_them,
    in_need_of_room_settled_messages_go_whatever_their_age,
}
