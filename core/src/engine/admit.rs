//! Taking in what was committed, now or before.

use super::{event::Job, lane::Lane, machine::Engine, records::Origin, waiting::Waiting};
use crate::{Cursor, DeliveryKey, LaneId, MessageId, Why};

impl Engine {
    /// Messages were committed: their jobs are taken as long as they fit; the rest is the backlog.
    pub(super) fn committed(&mut self, now: i64, jobs: Vec<Job>, rest: Option<Cursor>, head: MessageId) {
        for job in jobs {
            if !self.backlog.takes(job.message) {
                continue;
            }
            if let Some(stop) = self.take_job(now, job) {
                self.backlog.stop_at(stop);
            }
        }
        if let Some(rest) = rest.filter(|rest| self.backlog.takes(rest.message)) {
            self.backlog.stop_at(rest);
        }
        self.backlog.committed(head);
    }

    /// A page of the backlog is there; `reached` if it went up to the highest message.
    pub(super) fn scanned(&mut self, now: i64, jobs: Vec<Job>, next: Cursor, reached: Option<MessageId>) {
        let stop = jobs.into_iter().find_map(|job| self.take_job(now, job));
        self.read_ended();
        let over = match stop {
            Some(stop) => self.backlog.advance(stop, None),
            None => self.backlog.advance(next, reached),
        };
        let below = self.backlog.handed().below;
        while let Some((_, lane)) = self.behind_backlog.first().copied().filter(|(due, _)| *due < below) {
            self.behind_backlog.pop_first();
            self.touch(lane);
        }
        if over {
            let lanes: Vec<_> = self.lanes.keys().copied().collect();
            lanes.into_iter().for_each(|lane| self.touch(lane));
        }
    }

    /// Takes a job; says where the backlog begins if it does not fit.
    fn take_job(&mut self, now: i64, mut job: Job) -> Option<Cursor> {
        let message = job.message;
        job.open.retain(|open| !self.hot.knows(DeliveryKey::new(message, open.idx)));
        let first = job.open.first()?.idx;
        let ordered = self.lanes.get(&job.lane).is_some_and(Lane::is_ordered);
        let waiting = Waiting::fresh(job, ordered);
        let haunted = waiting.keys().any(|key| self.hot.is_haunted(key));
        if haunted || !self.hot.fits(&waiting, &self.limits) {
            return Some(Cursor { message, idx: first });
        }
        let id = waiting.job.lane;
        self.gone.remove(&id);
        self.hot.admit(&waiting);
        match self.refuses(now, &waiting) {
            // What is in the store may have to come after it only while the two of a crash meet again.
            Some(why) if self.backlog.recovering() => self.shelve(now, waiting, why, Origin::Evicted),
            Some(why) if self.follows_a_failing(&waiting) => self.shelve(now, waiting, why, Origin::Aside),
            Some(why) => self.shelve(now, waiting, why, Origin::Refused),
            None => self.enqueue(now, waiting),
        }
        self.touch(id);
        None
    }

    /// Puts an admitted job behind the others of its lane.
    pub(super) fn enqueue(&mut self, now: i64, waiting: Waiting) {
        let id = waiting.job.lane;
        let lane = self.lanes.entry(id).or_default();
        lane.queue.push(now, waiting);
        self.count(now, id);
    }

    /// The number of deliveries that a lane has in memory changed.
    pub(super) fn count(&mut self, now: i64, id: LaneId) {
        if let Some(lane) = self.lanes.get_mut(&id)
            && self.crowd.set(id, lane.queue.deliveries())
        {
            lane.pace.begin(now);
        }
    }

    /// Whether a job waits for the first of its sequence, which is in memory.
    fn follows_a_failing(&self, waiting: &Waiting) -> bool {
        let lane = self.lanes.get(&waiting.job.lane);
        let fails = |train| lane.is_some_and(|lane| lane.queue.is_failing(train));
        waiting.ordered && waiting.train().is_some_and(fails)
    }

    /// Why a job that was never attempted does not stay in memory.
    fn refuses(&mut self, now: i64, waiting: &Waiting) -> Option<Why> {
        let (share, pressed) = (self.crowd.share(&self.limits), self.hot.pressed(&self.limits));
        let held = self.lanes.get(&waiting.job.lane).is_none_or(|lane| self.is_held(lane));
        let follows = self.follows_a_failing(waiting);
        let lane = self.lanes.entry(waiting.job.lane).or_default();
        if held {
            return Some(Why::Held);
        }
        if lane.blocks(&waiting.job.policy) {
            return Some(paused(lane));
        }
        let deliveries = lane.queue.deliveries();
        let behind = if waiting.ordered {
            follows || lane.rows.come_before(waiting.due)
        } else {
            lane.rows.behind() && (waiting.train().is_some() || deliveries >= share / 2)
        };
        let slow = pressed && deliveries > share && lane.pace.is_slow(now, deliveries);
        (behind || slow).then_some(Why::Spilled)
    }
}

/// Why a job of a paused lane waits.
pub(super) fn paused(lane: &Lane) -> Why {
    if lane.breaker.pause().is_some_and(|pause| pause.account) { Why::Held } else { Why::Spilled }
}
