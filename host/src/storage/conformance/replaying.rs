//! Replaying by filter: each dead delivery once, whatever happens between two slices.

use nuncio_core::{MessageId, State};

use super::bench::{Bench, PROJECT, QUEUE, dead, is_full, key};
use crate::storage::{END, JobFilter, JobKey, JobRow, JobState, NewJob, Selection, StoreError, Verb};

/// Posts `count` messages, of which every delivery to the one subscriber dies.
async fn bury(bench: &mut Bench, count: usize) -> Vec<MessageId> {
    let ids = bench.post(&vec!["1"; count]).await.ids;
    let fresh = bench.fresh().await;
    let all = ids.iter().zip(&fresh).map(|(id, one)| dead(key(*id, 0), one.lane, one.target, false));
    bench.record(all.collect()).await;
    ids
}

/// Carries a replay on by slices of `most` until it ends or `slices` are done.
async fn carry_on(bench: &Bench, mut job: JobRow, most: u64, slices: usize) -> JobRow {
    for _ in 0..slices {
        if job.state != JobState::Running {
            break;
        }
        let caught = bench.catch(&job, most).await;
        job = bench.store.replay_slice(job.number, job.cursor, caught).await.unwrap();
    }
    job
}

async fn states(bench: &Bench, ids: &[MessageId]) -> Vec<State> {
    let mut states = Vec::new();
    for id in ids {
        states.push(bench.state(key(*id, 0)).await);
    }
    states
}

async fn all_rise_once_though_the_host_ends_between_two_slices(mut bench: Bench) {
    bench.subscribe("a.example").await;
    let ids = bury(&mut bench, 10).await;
    let job = bench.begin(Verb::Replay, JobFilter::default()).await;
    let job = carry_on(&bench, job, 3, 2).await;
    assert_eq!((job.progress.done, job.state), (6, JobState::Running));
    bench.reopen().await;
    // One of those that rose dies again: it is not replayed twice.
    let lane = bench.store.standing().await.unwrap().waiting[0].0;
    let row = bench
        .store
        .load(lane, (i64::MIN, key(MessageId::NONE, 0)), bench.now(), 1)
        .await
        .unwrap()
        .rows
        .remove(0);
    bench.record(vec![dead(row.key, row.lane, row.target, true)]).await;
    let again = bench.store.jobs_running().await.unwrap().remove(0);
    assert_eq!(again, job);
    bench.cut_power();
    let job = carry_on(&bench, again, 3, 9).await;
    assert_eq!(
        (job.progress.done, job.progress.matched(), job.progress.looked, job.state),
        (10, 10, 10, JobState::Finished)
    );
    let mut expected = vec![State::Waiting; 10];
    expected[0] = State::Dead;
    assert_eq!(states(&bench, &ids).await, expected);
    assert!(bench.store.jobs_running().await.unwrap().is_empty());
}

async fn a_slice_that_comes_twice_is_done_once(mut bench: Bench) {
    bench.subscribe("a.example").await;
    bury(&mut bench, 4).await;
    let job = bench.begin(Verb::Replay, JobFilter::default()).await;
    let caught = bench.catch(&job, 2).await;
    let once = bench.store.replay_slice(job.number, job.cursor, caught.clone()).await.unwrap();
    let twice = bench.store.replay_slice(job.number, job.cursor, caught).await.unwrap();
    assert_eq!((twice.progress, twice.cursor), (once.progress, once.cursor));
    assert_eq!(once.progress.done, 2);
}

async fn what_ended_or_changed_is_skipped_and_counted(mut bench: Bench) {
    let subscription = bench.subscribe("a.example").await;
    let ended = bury(&mut bench, 2).await;
    bench.store.subscription_end(PROJECT, QUEUE, subscription).await.unwrap();
    bench.subscribe("b.example").await;
    let ids = bury(&mut bench, 3).await;
    let job = bench.begin(Verb::Replay, JobFilter::default()).await;
    let caught = bench.catch(&job, 100).await;
    bench.store.requeue(PROJECT, key(ids[0], 0)).await.unwrap();
    let job = bench.store.replay_slice(job.number, job.cursor, caught).await.unwrap();
    let progress = job.progress;
    assert_eq!((progress.done, progress.ended, progress.changed), (2, 2, 1));
    assert_eq!((job.state, job.cursor), (JobState::Finished, END));
    assert_eq!(states(&bench, &ended).await, [State::Dead, State::Dead]);
}

async fn what_dies_later_or_elsewhere_stays_dead(mut bench: Bench) {
    bench.subscribe("a.example").await;
    let ids = bury(&mut bench, 3).await;
    let none = Selection { reason: Some("another reason".into()), ..Selection::default() };
    let job = bench.begin(Verb::Replay, JobFilter { selection: none, ..JobFilter::default() }).await;
    assert_eq!(carry_on(&bench, job, 10, 9).await.progress.matched(), 0);
    let late = JobRow { created: 98, ..bench.begin(Verb::Replay, JobFilter::default()).await };
    assert!(bench.catch(&late, 10).await.keys.is_empty(), "they died at 99");
    let first = JobFilter { limit: Some(2), ..JobFilter::default() };
    let job = carry_on(&bench, bench.begin(Verb::Replay, first).await, 10, 9).await;
    assert_eq!((job.progress.matched(), job.state), (2, JobState::Finished));
    assert_eq!(states(&bench, &ids).await, [State::Waiting, State::Waiting, State::Dead]);
}

async fn a_job_that_is_stopped_does_nothing_more(mut bench: Bench) {
    bench.subscribe("a.example").await;
    let ids = bury(&mut bench, 3).await;
    let job = bench.begin(Verb::Replay, JobFilter::default()).await;
    let job = carry_on(&bench, job, 1, 1).await;
    let caught = bench.catch(&job, 1).await;
    assert!(bench.store.job_stop("other", job.id).await.unwrap().is_none());
    let stopped = bench.store.job_stop(PROJECT, job.id).await.unwrap().unwrap();
    assert_eq!((stopped.state, stopped.ended), (JobState::Stopped, bench.now()));
    bench.turn(5);
    assert_eq!(bench.store.job_stop(PROJECT, job.id).await.unwrap().unwrap(), stopped);
    bench.store.replay_slice(job.number, job.cursor, caught).await.unwrap();
    assert_eq!(states(&bench, &ids).await, [State::Waiting, State::Dead, State::Dead]);
}

async fn a_key_begins_one_job_and_a_project_has_so_many(bench: Bench) {
    let key = |print| Some(JobKey { key: "k".into(), fingerprint: vec![print] });
    let new = |key| NewJob { key, most: 1, ..bench.job(Verb::Replay, JobFilter::default()) };
    let first = bench.store.job_begin(new(key(1))).await.unwrap();
    let again = bench.store.job_begin(new(key(1))).await.unwrap();
    assert_eq!((again.job.id, first.repeated, again.repeated), (first.job.id, false, true));
    assert_eq!(bench.store.job_begin(new(key(2))).await.unwrap_err(), StoreError::KeyReused);
    let full = bench.store.job_begin(new(None)).await.unwrap_err();
    assert!(is_full(&full, "[jobs] max_running"), "{full}");
    let other = NewJob { project: "other".into(), ..new(key(1)) };
    bench.store.job_begin(other).await.unwrap();
    carry_on(&bench, first.job, 9, 9).await;
    let second = bench.store.job_begin(new(None)).await.unwrap().job;
    let listed = bench.store.jobs(PROJECT, i64::MAX, 9).await.unwrap();
    assert_eq!(listed.iter().map(|job| job.id).collect::<Vec<_>>(), [second.id, again.job.id]);
    assert_eq!(bench.store.jobs(PROJECT, second.number, 9).await.unwrap().len(), 1);
}

super::promises! {
    all_rise_once_though_the_host_ends_between_two_slices,
    a_slice_that_comes_twice_is_done_once,
    what_ended_or_changed_is_skipped_and_counted,
    what_dies_later_or_elsewhere_stays_dead,
    a_job_that_is_stopped_does_nothing_more,
    a_key_begins_one_job_and_a_project_has_so_many,
}
