//! Rows that were read become jobs, probes, or stay where they are.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use super::{
    event::{Job, Open},
    machine::Engine,
    records::Origin,
    rows::Reading,
    shelve::Wait,
    waiting::{TrainId, Waiting},
};
use crate::{Deferred, DeliveryKey, LaneId, Why, retry::Policy};

/// What is to be done with a row.
enum Found {
    /// It is passed over; the lane knows where it stands.
    Passed,
    /// It goes into memory.
    Taken(Waiting),
    /// It and what comes after it are read again.
    Stop,
}

/// A page of a lane's rows, while it is gone through.
struct Page<'r> {
    lane: LaneId,
    reading: &'r Reading,
    jobs: Vec<Waiting>,
    /// Where the jobs of a message and target are.
    places: BTreeMap<TrainId, usize>,
    /// Sequences of which something was passed over that may not be a probe yet.
    skipped: BTreeSet<TrainId>,
    /// When the first of them may be.
    soonest: Option<i64>,
}

impl Engine {
    /// Takes the rows of a page into memory, as far as they fit and may go.
    pub(super) fn take_rows(
        &mut self,
        now: i64,
        id: LaneId,
        rows: Vec<(Deferred, Arc<Policy>)>,
        reading: &Reading,
    ) {
        let mut page = Page {
            lane: id,
            reading,
            jobs: Vec::new(),
            places: BTreeMap::new(),
            skipped: BTreeSet::new(),
            soonest: None,
        };
        for (row, policy) in rows {
            let together = (row.key.message.0, row.target);
            let at = page.places.get(&together).copied();
            match self.found(now, &mut page, &row, policy, at.is_some()) {
                Found::Passed => {}
                Found::Taken(waiting) => {
                    self.hot.admit(&waiting);
                    match at.and_then(|at| page.jobs.get_mut(at)) {
                        Some(job) => job.absorb(waiting),
                        // What comes after it in the page goes by how it stands.
                        None if waiting.ordered => self.enqueue(now, waiting),
                        None => {
                            page.places.insert(together, page.jobs.len());
                            page.jobs.push(waiting);
                        }
                    }
                }
                Found::Stop => {
                    if let Some(lane) = self.lanes.get_mut(&id) {
                        lane.rows.rest((row.due, row.key), reading);
                    }
                    break;
                }
            }
        }
        if let (Some(lane), Some(soonest)) = (self.lanes.get_mut(&id), page.soonest) {
            lane.breaker.probe_later(now, soonest);
        }
        for waiting in page.jobs {
            self.enqueue(now, waiting);
        }
    }

    fn found(
        &mut self,
        now: i64,
        page: &mut Page<'_>,
        row: &Deferred,
        policy: Arc<Policy>,
        joins: bool,
    ) -> Found {
        let Some(lane) = self.lanes.get_mut(&page.lane) else { return Found::Stop };
        let (ordered, blocked, place) = (lane.is_ordered(), lane.blocks(&policy), (row.due, row.key));
        if self.hot.is_ghost(row.key) || self.hot.is_haunted(row.key) {
            if ordered {
                return Found::Stop;
            }
            lane.rows.at(place, blocked);
            return Found::Passed;
        }
        let waiting = revived(now, row, policy, ordered);
        let sequence = waiting.train().filter(|_| ordered);
        if self.hot.knows(row.key) {
            self.hot.stray(row.key, page.lane, row.due);
            return Found::Passed;
        }
        if !self.hot.fits(&waiting, &self.limits) {
            return Found::Stop;
        }
        if sequence.is_some_and(|train| lane.queue.passes_over(train, waiting.seat())) {
            lane.rows.at(place, true);
            return Found::Passed;
        }
        if ordered && !blocked && waiting.not_before > now && self.hot.pressed(&self.limits) {
            // What may wait for days takes no scarce memory.
            lane.rows.sleep(waiting.not_before.min(now.saturating_add(self.limits.probe_max_ms)));
            return Found::Stop;
        }
        if !ordered && waiting.not_before > now {
            self.put_off(&waiting, row.why);
            return Found::Passed;
        }
        if blocked && !joins { self.probed(now, page, waiting, row.why) } else { Found::Taken(waiting) }
    }

    /// A row of a paused lane becomes the probe; else it is buried if its time is over, or passed over.
    fn probed(&mut self, now: i64, page: &mut Page<'_>, mut waiting: Waiting, why: Why) -> Found {
        let Some(lane) = self.lanes.get_mut(&page.lane) else { return Found::Stop };
        let stops = lane.stops();
        let Some(pause) = lane.breaker.pause_mut() else { return Found::Taken(waiting) };
        let Some(open) = waiting.job.open.first().copied() else { return Found::Passed };
        let policy = &waiting.job.policy;
        let over = !policy.keeps_times() && now > open.since.saturating_add(policy.window_ms());
        if over && !pause.account && !stops && !why.stops_time() {
            let reason = format!("destination down since {}: {}", pause.since, pause.reason);
            self.hot.admit(&waiting);
            self.bury(now, &waiting, open, reason, None);
            self.hot.release(&waiting);
            return Found::Passed;
        }
        if page.reading.probe && !pause.probing {
            let sequence = waiting.train().filter(|_| waiting.ordered);
            if waiting.not_before <= now && sequence.is_none_or(|train| !page.skipped.contains(&train)) {
                pause.probing = true;
                waiting.probe = true;
                return Found::Taken(waiting);
            }
            page.skipped.extend(sequence);
            let earlier = |soonest: i64| {
                if waiting.not_before > now { soonest.min(waiting.not_before) } else { soonest }
            };
            page.soonest = Some(earlier(page.soonest.unwrap_or(i64::MAX)));
        }
        lane.rows.at((waiting.due, DeliveryKey::new(waiting.job.message, open.idx)), true);
        Found::Passed
    }

    /// A row that kept its place is due later, by the rules of a lane that has no order any more.
    fn put_off(&mut self, waiting: &Waiting, why: Why) {
        let wait = Wait { due: waiting.not_before, not_before: 0, why, origin: Origin::Later };
        self.hot.admit(waiting);
        for open in &waiting.job.open {
            self.defer(waiting, *open, wait, None);
        }
        self.hot.release(waiting);
    }
}

/// A row as a job of one recipient.
fn revived(now: i64, row: &Deferred, policy: Arc<Policy>, ordered: bool) -> Waiting {
    let since = if row.why.stops_time() { now } else { row.since };
    let open = vec![Open { idx: row.key.idx, n: row.n, tries: row.tries, since, stored: true }];
    let job = Job {
        message: row.key.message,
        post: row.post,
        target: row.target,
        lane: row.lane,
        first: row.first,
        open,
        until: row.until,
        bytes: row.bytes,
        policy,
    };
    // The row of another rule, or a scheduled one, says by its due time when it may go. A place lies ahead where the
    // clock was set back.
    let place = row.due == row.key.message.issued_ms();
    let later = ordered && !place && row.due > now && matches!(row.why, Why::Scheduled | Why::Retry);
    let not_before = if later { row.not_before.max(row.due) } else { row.not_before };
    Waiting { job, due: row.due, not_before, ordered, probe: false }
}
