//! One slice of a job: what it does to deliveries and how far it is then, in one commit.

use nuncio_core::DeliveryKey;

use super::row;
use crate::storage::{
    Asked, Catch, END, JobRow, JobState, StoreError,
    sqlite::{commit::Commit, deliveries},
};

/// Replays what was caught behind `from`.
pub(super) fn replay(
    commit: &mut Commit<'_>,
    number: i64,
    from: DeliveryKey,
    caught: &Catch,
) -> Result<JobRow, StoreError> {
    let mut job = job(commit, number)?;
    if job.state != JobState::Running || job.cursor != from {
        return Ok(job);
    }
    let raised = deliveries::raise(commit, &caught.keys)?;
    job.progress.done += raised.done;
    job.progress.ended += raised.ended;
    job.progress.changed += raised.changed;
    go_on(&mut job, caught);
    if job.is_exhausted() {
        finish(commit, &mut job);
    }
    row::put(commit, &job)?;
    Ok(job)
}

/// Settles the slice of a cancellation, and gives it the next one.
pub(super) fn cancel(
    commit: &mut Commit<'_>,
    number: i64,
    from: DeliveryKey,
    asked: &Asked,
    caught: Option<Catch>,
) -> Result<JobRow, StoreError> {
    let mut job = job(commit, number)?;
    if job.cursor != from {
        return Ok(job);
    }
    let settled = deliveries::cancel_all(commit, &asked.elsewhere)?;
    let progress = &mut job.progress;
    progress.done = (progress.done + asked.cancelled + settled.done).saturating_sub(asked.taken);
    progress.in_flight += asked.in_flight + asked.taken;
    progress.changed += settled.changed;
    let was_idle = job.slice.is_empty();
    job.slice.clear();
    if job.state == JobState::Running {
        if let Some(caught) = caught {
            go_on(&mut job, &caught);
            job.slice = caught.keys;
        }
        // What the engine says of the last slice after its commit is still to be counted.
        if was_idle && job.slice.is_empty() && job.is_exhausted() {
            finish(commit, &mut job);
        }
    }
    row::put(commit, &job)?;
    Ok(job)
}

fn job(commit: &Commit<'_>, number: i64) -> Result<JobRow, StoreError> {
    row::with_number(commit.db, number)?
        .ok_or_else(|| StoreError::Corrupt(format!("job {number} is not there any more")))
}

fn go_on(job: &mut JobRow, caught: &Catch) {
    job.progress.looked += caught.looked;
    job.cursor = caught.next.min(END);
}

fn finish(commit: &Commit<'_>, job: &mut JobRow) {
    job.state = JobState::Finished;
    job.ended = commit.now;
}
