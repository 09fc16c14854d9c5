//! Cancelling by filter: every delivery that waits, once, whether it has a row or not.

use nuncio_core::{Cursor, DeliveryKey, LaneId, MessageId, State, TargetId, Why};

use super::bench::{Bench, closed, dead, key, waits};
use crate::storage::{Asked, JobFilter, JobRow, JobState, Selection, Verb};

/// Carries a cancellation on by slices of `most` as if the engine held nothing.
async fn carry_on(bench: &Bench, mut job: JobRow, most: u64, slices: usize) -> JobRow {
    for _ in 0..slices {
        if job.state != JobState::Running {
            break;
        }
        let caught = if job.is_exhausted() { None } else { Some(bench.catch(&job, most).await) };
        let asked = Asked { elsewhere: job.slice.clone(), ..Asked::default() };
        job = bench.store.cancel_slice(job.number, job.cursor, asked, caught).await.unwrap();
    }
    job
}

/// Two messages of three recipients: one is settled, one dead, one has a row, one is scheduled, two have nothing.
async fn mixed(bench: &mut Bench) -> (Vec<DeliveryKey>, (LaneId, TargetId)) {
    bench.subscribe("a.example,b.example,c.example").await;
    let mut ids = bench.post(&["1"]).await.ids;
    let fresh = bench.fresh().await.remove(0);
    bench.turn(1_000);
    ids.extend(bench.post(&["2"]).await.ids);
    let (lane, target) = (fresh.lane, fresh.target);
    bench
        .record(vec![
            closed(key(ids[0], 0), State::Delivered, false),
            dead(key(ids[0], 1), lane, target, false),
            waits(key(ids[0], 2), lane, target, 500, Why::Retry),
            waits(key(ids[1], 0), lane, target, bench.now() + 9_000, Why::Scheduled),
        ])
        .await;
    (ids.iter().flat_map(|id| (0..3).map(|idx| key(*id, idx))).collect(), (lane, target))
}

async fn states(bench: &Bench, keys: &[DeliveryKey]) -> Vec<State> {
    let mut states = Vec::new();
    for key in keys {
        states.push(bench.state(*key).await);
    }
    states
}

async fn what_waits_is_cancelled_and_the_rest_stays(mut bench: Bench) {
    let (keys, _) = mixed(&mut bench).await;
    let job = bench.begin(Verb::Cancel, JobFilter::default()).await;
    let later = bench.post(&["3"]).await.ids[0];
    let job = carry_on(&bench, job, 1, 99).await;
    assert_eq!((job.state, job.progress.done, job.progress.matched()), (JobState::Finished, 4, 4));
    let mut expected = vec![State::Cancelled; 6];
    (expected[0], expected[1]) = (State::Delivered, State::Dead);
    assert_eq!(states(&bench, &keys).await, expected);
    assert_eq!(bench.state(key(later, 0)).await, State::Waiting, "it came after the job");
    assert!(bench.store.standing().await.unwrap().waiting.is_empty());
    assert_eq!(bench.backlog(10).await.len(), 3);
}

async fn rows_below_the_watermark_are_found_too(mut bench: Bench) {
    let (keys, (lane, target)) = mixed(&mut bench).await;
    let low = Cursor { message: MessageId(keys[5].message.0 + 1), idx: 0 };
    let rest = vec![closed(keys[4], State::Delivered, false), waits(keys[5], lane, target, 9, Why::Spilled)];
    bench.store.record(rest, Vec::new(), low, std::sync::Arc::new(|why| panic!("{why}"))).await.unwrap();
    let later = bench.post(&["3"]).await.ids[0];
    let job = carry_on(&bench, bench.begin(Verb::Cancel, JobFilter::default()).await, 2, 99).await;
    assert_eq!((job.state, job.progress.done), (JobState::Finished, 6));
    for one in [keys[2], keys[3], keys[5], key(later, 0), key(later, 2)] {
        assert_eq!(bench.state(one).await, State::Cancelled, "{one:?}");
    }
}

async fn held_ones_and_spans_of_time_are_told_apart(mut bench: Bench) {
    let (keys, _) = mixed(&mut bench).await;
    let held = JobFilter { state: Some(State::Held), ..JobFilter::default() };
    let job = bench.begin(Verb::Cancel, held).await;
    assert_eq!(bench.catch(&job, 9).await.keys, [keys[3]]);
    let of = |selection| JobFilter { selection, ..JobFilter::default() };
    let second = bench.now();
    for (from, to, wanted) in
        [(Some(second), None, &keys[3..]), (None, Some(second), &keys[2..3]), (Some(second + 1), None, &[])]
    {
        let job = bench.begin(Verb::Cancel, of(Selection { from, to, ..Selection::default() })).await;
        assert_eq!(bench.catch(&job, 9).await.keys, wanted, "{from:?} {to:?}");
    }
    let nowhere = Selection { destination: Some("b.example".into()), ..Selection::default() };
    let job = bench.begin(Verb::Cancel, of(nowhere)).await;
    assert!(bench.catch(&job, 9).await.keys.is_empty());
}

async fn a_slice_that_was_cut_off_is_settled_after_the_restart(mut bench: Bench) {
    let (keys, _) = mixed(&mut bench).await;
    let job = bench.begin(Verb::Cancel, JobFilter::default()).await;
    let caught = bench.catch(&job, 3).await;
    let job = bench.store.cancel_slice(job.number, job.cursor, Asked::default(), Some(caught)).await.unwrap();
    assert_eq!(job.slice, [keys[2], keys[3], keys[4]]);
    // The engine cancelled one and delivered another, and the host ended before the job heard of it.
    let settled = vec![closed(keys[2], State::Cancelled, true), closed(keys[3], State::Delivered, true)];
    bench.record(settled).await;
    bench.cut_power();
    let job = bench.store.jobs_running().await.unwrap().remove(0);
    let job = carry_on(&bench, job, 3, 99).await;
    assert_eq!((job.progress.done, job.progress.changed, job.progress.matched()), (3, 1, 4));
    assert_eq!(states(&bench, &keys[2..4]).await, [State::Cancelled, State::Delivered]);
}

async fn what_the_engine_says_is_counted_with_the_next_slice(mut bench: Bench) {
    let (keys, _) = mixed(&mut bench).await;
    let job = bench.begin(Verb::Cancel, JobFilter { limit: Some(3), ..JobFilter::default() }).await;
    let caught = bench.catch(&job, 9).await;
    let job = bench.store.cancel_slice(job.number, job.cursor, Asked::default(), Some(caught)).await.unwrap();
    assert!(job.is_exhausted());
    let asked = Asked { in_flight: 1, cancelled: 1, elsewhere: vec![keys[4]], taken: 0 };
    let job = bench.store.cancel_slice(job.number, job.cursor, asked, None).await.unwrap();
    assert_eq!((job.progress.in_flight, job.progress.done, job.state), (1, 2, JobState::Running));
    let asked = Asked { taken: 1, ..Asked::default() };
    let job = bench.store.cancel_slice(job.number, job.cursor, asked, None).await.unwrap();
    assert_eq!((job.progress.in_flight, job.progress.done, job.state), (2, 1, JobState::Finished));
    assert_eq!(bench.state(keys[4]).await, State::Cancelled);
}

super::promises! {
    what_waits_is_cancelled_and_the_rest_stays,
    rows_below_the_watermark_are_found_too,
    held_ones_and_spans_of_time_are_told_apart,
    a_slice_that_was_cut_off_is_settled_after_the_restart,
    what_the_engine_says_is_counted_with_the_next_slice,
}
