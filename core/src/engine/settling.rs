//! What becomes of each recipient of a notice that is over.

use super::{
    event::{Action, End, Notable, Open},
    judging::{Sentence, Span, sentence},
    lane::Lane,
    machine::Engine,
    records::Origin,
    shelve::Wait,
    waiting::Waiting,
};
use crate::{DeliveryKey, Failure, LaneId, Settlement, Why};

/// Waits for a hand: the end of the year 9999, Unix milliseconds.
const NEVER: i64 = 253_402_300_799_000;

impl Engine {
    /// Records what became of each recipient.
    pub(super) fn settle(
        &mut self,
        span: Span,
        mut waiting: Waiting,
        ends: Vec<(u32, End)>,
        actions: &mut Vec<Action>,
    ) {
        let stops = waiting.ordered && self.lanes.get(&waiting.job.lane).is_some_and(Lane::stops);
        let (mut again, mut held) = (Vec::new(), Vec::new());
        let (mut due, mut why) = (span.now, Why::Retry);
        let open = waiting.job.open.clone();
        for (open, (idx, end)) in open.into_iter().zip(ends) {
            let key = DeliveryKey::new(waiting.job.message, idx);
            let cancelled = self.hot.is_cancelled(key);
            match sentence(span, &waiting.job, open, end, cancelled) {
                Sentence::Close { state, n, code } => {
                    self.close(span.now, &waiting.job, open, state, n, code)
                }
                Sentence::Bury { reason, failure, gone } => {
                    if gone {
                        let target = waiting.job.target;
                        actions.push(Action::Raise(Notable::AddressGone { key, target }));
                    }
                    if stops {
                        (due, why) = (NEVER, Why::Stopped);
                        let tries = open.tries.saturating_add(1);
                        again.push((Open { tries, ..open }, Some(failure)));
                    } else {
                        self.bury(span.now, &waiting, open, reason, Some(failure));
                    }
                }
                Sentence::Again { open, due: at, failure } => {
                    due = due.max(at);
                    again.push((open, Some(failure)));
                }
                Sentence::Park { open, due: at } => {
                    (due, why) = (due.max(at), Why::Unconfirmed);
                    again.push((open, None));
                }
                Sentence::Hold { open, failure } => held.push((open, failure)),
            }
        }
        waiting.probe = false;
        if !held.is_empty() {
            self.evict_train(span.now, &waiting);
        }
        let wait = Wait { due: waiting.due, not_before: 0, why: Why::Held, origin: Origin::Evicted };
        for (open, failure) in held {
            self.defer(&waiting, open, wait, failure);
        }
        self.retry(span.now, waiting, again, (due, why));
    }

    /// The recipients that are tried again stay together: at the head of their train at once, or later. In an
    /// ordered lane they keep their place whenever that is.
    fn retry(
        &mut self,
        now: i64,
        mut waiting: Waiting,
        again: Vec<(Open, Option<Failure>)>,
        (due, why): (i64, Why),
    ) {
        let id = waiting.job.lane;
        let was_ordered = waiting.ordered;
        let stays = !again.is_empty() && self.stays(&waiting, now, due);
        if !again.is_empty() && due > now && was_ordered {
            // What comes after it may wait for long: it pins no memory and no watermark meanwhile.
            self.evict_train(now, &waiting);
        }
        let later = due > now && !self.lanes.get(&id).is_some_and(Lane::is_ordered);
        let not_before = if due > now && !later { due } else { 0 };
        let (due, origin) = match (stays, later) {
            (true, _) => (waiting.due, Origin::Kept),
            (false, false) => (waiting.due, Origin::Evicted),
            (false, true) => (due, Origin::Later),
        };
        if origin == Origin::Evicted && !again.is_empty() {
            self.evict_train(now, &waiting);
        }
        let wait = Wait { due, not_before, why, origin };
        let mut open = Vec::with_capacity(again.len());
        for (one, failure) in again {
            self.defer(&waiting, one, wait, failure);
            open.push(Open { stored: true, ..one });
        }
        self.hot.release(&waiting);
        waiting.job.open = open;
        waiting.not_before = not_before;
        if stays {
            self.hot.admit(&waiting);
            if let Some(lane) = self.lanes.get_mut(&id) {
                lane.queue.put_back(now, waiting);
            }
        } else {
            self.move_on(now, &waiting);
            self.fall_asleep(now, id, not_before);
        }
        self.count(now, id);
    }

    /// Whether what is tried again stays in memory until `due`.
    fn stays(&self, waiting: &Waiting, now: i64, due: i64) -> bool {
        let Some(lane) = self.lanes.get(&waiting.job.lane) else { return false };
        let keeps_place = due <= now || (lane.is_ordered() && !self.hot.pressed(&self.limits));
        let same = lane.is_ordered() == waiting.ordered;
        keeps_place && same && !self.is_held(lane) && !lane.blocks(&waiting.job.policy)
    }

    /// A lane that has nothing left in memory is not read before its first may go, as far as that is known.
    fn fall_asleep(&mut self, now: i64, id: LaneId, until: i64) {
        if let Some(lane) = self.lanes.get_mut(&id)
            && until > now
            && lane.in_flight == 0
            && lane.queue.deliveries() == 0
            && lane.breaker.pause().is_none()
        {
            // What came from elsewhere meanwhile is found some time.
            lane.rows.sleep(until.min(now.saturating_add(self.limits.probe_max_ms)));
        }
    }

    /// Gives a delivery up.
    pub(super) fn bury(
        &mut self,
        now: i64,
        waiting: &Waiting,
        open: Open,
        reason: String,
        failure: Option<Failure>,
    ) {
        let job = &waiting.job;
        let dead = Settlement::Dead {
            key: DeliveryKey::new(job.message, open.idx),
            first: job.first,
            target: job.target,
            lane: job.lane,
            at: now,
            attempts: open.n,
            reason,
            failure,
            deferred: open.stored,
        };
        self.record(dead, None, true);
    }
}
