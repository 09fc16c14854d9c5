//! Any sequence of settlements leaves the states that a plain map of the last word has.

use std::collections::BTreeMap;

use nuncio_core::{DeliveryKey, LaneId, MessageId, Settlement, State, TargetId, Why};
use proptest::{prelude::*, test_runner::TestRunner};

use super::bench::{Bench, closed, dead, key, waits};

const RECIPIENTS: u32 = 4;
const MESSAGES: usize = 4;

/// What the engine may say of a delivery.
#[derive(Clone, Copy, Debug)]
enum Word {
    Closes(State),
    Waits(Why),
    Dies,
}

fn word() -> impl Strategy<Value = Word> {
    prop_oneof![
        prop::sample::select(vec![State::Delivered, State::Cancelled, State::Expired, State::Suppressed])
            .prop_map(Word::Closes),
        prop::sample::select(vec![Why::Retry, Why::Spilled, Why::Held]).prop_map(Word::Waits),
        Just(Word::Dies),
    ]
}

/// Which delivery, and what is said of it.
type Said = (usize, u32, Word);

fn batches() -> impl Strategy<Value = Vec<Vec<Said>>> {
    let said = (0..MESSAGES, 0..RECIPIENTS, word());
    prop::collection::vec(prop::collection::vec(said, 0..6), 0..6)
}

/// The words as the engine would say them: what is settled is settled, and it knows which rows it wrote.
fn settlements(
    model: &mut BTreeMap<DeliveryKey, State>,
    lane: (LaneId, TargetId),
    ids: &[MessageId],
    batch: &[Said],
) -> Vec<Settlement> {
    let mut all = Vec::new();
    for (message, idx, word) in batch {
        let key = key(ids[*message], *idx);
        let before = model.get(&key).copied();
        let stored = matches!(before, Some(State::Waiting | State::Held));
        if before.is_some() && !stored {
            continue;
        }
        let (settlement, state) = match word {
            Word::Closes(state) => (closed(key, *state, stored), *state),
            Word::Waits(Why::Held) => (waits(key, lane.0, lane.1, 500, Why::Held), State::Held),
            Word::Waits(why) => (waits(key, lane.0, lane.1, 500, *why), State::Waiting),
            Word::Dies => (dead(key, lane.0, lane.1, stored), State::Dead),
        };
        model.insert(key, state);
        all.push(settlement);
    }
    all
}

async fn follows_the_model(batches: Vec<Vec<Said>>) {
    let mut bench = Bench::new().await;
    bench.subscribe("a.example,b.example,c.example,d.example").await;
    let mut ids = Vec::new();
    for _ in 0..MESSAGES {
        ids.extend(bench.post(&["1"]).await.ids);
        bench.turn(150);
    }
    let fresh = bench.fresh().await.remove(0);
    let mut model = BTreeMap::new();
    for batch in &batches {
        bench.record(settlements(&mut model, (fresh.lane, fresh.target), &ids, batch)).await;
    }
    let every = ids.iter().flat_map(|id| (0..RECIPIENTS).map(|idx| key(*id, idx)));
    let mut open = Vec::new();
    for key in every {
        let known = model.get(&key).copied();
        assert_eq!(bench.state(key).await, known.unwrap_or(State::Waiting), "{key:?}");
        if known.is_none() {
            open.push(key);
        }
    }
    assert_eq!(bench.backlog(3).await, open);
    let settled = |state| model.values().filter(|one| **one == state).count() as i64;
    let tally = bench.store.gauges().await.unwrap().tally;
    for state in State::ALL.into_iter().filter(|state| !matches!(state, State::Waiting | State::Held)) {
        assert_eq!(tally.ended(state), settled(state), "{state:?}");
    }
    assert_eq!(tally.accepted, i64::from(RECIPIENTS) * MESSAGES as i64);
    bench.reopen().await;
    assert_eq!(bench.backlog(100).await, open);
}

#[test]
fn any_sequence_of_settlements_leaves_the_last_word() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let config = ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() };
    TestRunner::new(config)
        .run(&batches(), |batches| {
            runtime.block_on(follows_the_model(batches));
            Ok(())
        })
        .unwrap();
}
