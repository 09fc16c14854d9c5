//! Dispatch, and what comes back.

use std::collections::BTreeMap;

use super::{
    event::{Action, End, GateId, Notable, Open, Ticket},
    judging::{Seen, Span, seen, unsaid},
    lane::Turn,
    machine::Engine,
    waiting::Waiting,
};
use crate::{LaneId, State};

/// A notice in flight.
#[derive(Debug)]
pub(super) struct Flight {
    waiting: Waiting,
    gate: GateId,
}

/// What was said of each of `open`, in their order; of one of which more was said, the last.
fn told(open: &[Open], ends: Vec<(u32, End)>) -> Vec<(u32, End)> {
    if open.iter().map(|open| open.idx).eq(ends.iter().map(|(idx, _)| *idx)) {
        return ends;
    }
    let mut ends: BTreeMap<_, _> = ends.into_iter().collect();
    open.iter().map(|open| (open.idx, ends.remove(&open.idx).unwrap_or_else(unsaid))).collect()
}

impl Engine {
    /// Dispatches as much as slots, shares and the store allow, a lane at a time.
    pub(super) fn dispatch(&mut self, now: i64, actions: &mut Vec<Action>) {
        while self.may_dispatch() {
            let Some(id) = self.ready.pop() else { return };
            if let Some((gate, waiting)) = self.take_turn(now, id) {
                self.count(now, id);
                self.take_off(now, gate, waiting, actions);
            }
            self.touch(id);
        }
    }

    /// The next job of a lane whose turn it is, with a slot of its gate; else the lane waits where it must.
    fn take_turn(&mut self, now: i64, id: LaneId) -> Option<(GateId, Waiting)> {
        let lane = self.lanes.get_mut(&id)?;
        lane.turn = Turn::Idle;
        let gate_id = lane.gate?;
        if let Some(kept) = lane.promise.take_if(|kept| *kept != gate_id) {
            self.gates.get_mut(&kept)?.renounce();
            self.call_next(now, kept);
        }
        let called = self.lanes.get_mut(&id)?.promise.take().is_some();
        let gate = self.gates.get_mut(&gate_id)?;
        let stays_idle = gate.held() || !self.lanes.get(&id)?.queue.ready();
        if stays_idle || self.waits_elsewhere(now, id) {
            if called && let Some(gate) = self.gates.get_mut(&gate_id) {
                gate.renounce();
            }
            self.call_next(now, gate_id);
            return None;
        }
        let (lane, gate) = (self.lanes.get_mut(&id)?, self.gates.get_mut(&gate_id)?);
        let waiting = if gate.enter(now, called) {
            lane.queue.pop()
        } else {
            lane.turn = Turn::AtGate;
            gate.wait(id, called);
            self.watch(now, gate_id);
            return None;
        };
        if waiting.is_none() {
            self.leave(now, gate_id);
        }
        self.watch(now, gate_id);
        waiting.map(|waiting| (gate_id, waiting))
    }

    /// Sees to it that those who wait at a gate for its rate are called.
    fn watch(&mut self, now: i64, id: GateId) {
        if let Some(gate) = self.gates.get_mut(&id) {
            let alarm = gate.next(now);
            self.timers.gates.set(id, std::mem::replace(&mut gate.alarm, alarm), alarm);
        }
    }

    /// Whether a lane that has something to attempt waits for something else than a slot of its gate.
    fn waits_elsewhere(&mut self, now: i64, id: LaneId) -> bool {
        let most = (self.limits.max_in_flight / 4).max(1);
        let Some(lane) = self.lanes.get_mut(&id) else { return true };
        if lane.is_full() {
            lane.turn = Turn::AtCap;
        } else if let Some(at) = lane.throttle.next(now) {
            lane.turn = Turn::Throttled;
            lane.throttled = Some(at);
        } else if lane.suspect && self.suspects_in_flight >= most {
            lane.turn = Turn::AmongSuspects;
            self.suspects.push_back(id);
        }
        lane.turn != Turn::Idle
    }

    /// Lets the gates and lanes go on whose rate allows it now, or whose rest is over.
    pub(super) fn wake_throttled(&mut self, now: i64) {
        while let Some(gate) = self.timers.gates.due(now) {
            self.call_next(now, gate);
        }
        while let Some(id) = self.timers.turns.due(now) {
            self.go_on(now, id);
        }
    }

    /// What a lane waited for by itself may have come about.
    pub(super) fn go_on(&mut self, now: i64, id: LaneId) {
        let Some(lane) = self.lanes.get_mut(&id) else { return };
        lane.throttled = None;
        lane.queue.wake(now);
        if matches!(lane.turn, Turn::AtCap | Turn::Throttled) {
            lane.turn = Turn::Idle;
        }
        self.touch(id);
    }

    fn take_off(&mut self, now: i64, gate: GateId, mut waiting: Waiting, actions: &mut Vec<Action>) {
        let id = waiting.job.lane;
        if waiting.job.until != 0 && waiting.job.until <= now {
            self.expire(now, gate, &waiting);
            return;
        }
        for open in &mut waiting.job.open {
            open.n += 1;
        }
        self.tickets += 1;
        let ticket = Ticket(self.tickets);
        actions.push(Action::Dispatch { ticket, job: waiting.job.clone() });
        self.hot.take_off(&waiting);
        self.flights.insert(ticket, Flight { waiting, gate });
        if let Some(lane) = self.lanes.get_mut(&id) {
            lane.in_flight += 1;
            lane.throttle.went(now);
            self.suspects_in_flight += u32::from(lane.suspect);
        }
    }

    fn expire(&mut self, now: i64, gate: GateId, waiting: &Waiting) {
        for open in &waiting.job.open {
            self.close(now, &waiting.job, *open, State::Expired, open.n, 0);
        }
        self.move_on(now, waiting);
        self.over(now, waiting);
        self.leave(now, gate);
    }

    /// The train of a job that does not come back goes on.
    pub(super) fn move_on(&mut self, now: i64, waiting: &Waiting) {
        if let Some(train) = waiting.train()
            && let Some(lane) = self.lanes.get_mut(&waiting.job.lane)
        {
            lane.queue.moved_on(now, train);
        }
    }

    fn leave(&mut self, now: i64, gate: GateId) {
        if let Some(gate) = self.gates.get_mut(&gate) {
            gate.leave();
        }
        self.call_next(now, gate);
    }

    /// Calls the lanes for which there is a slot now.
    pub(super) fn call_next(&mut self, now: i64, id: GateId) {
        let Some(gate) = self.gates.get_mut(&id) else { return };
        while let Some(next) = gate.call(now) {
            match self.lanes.get_mut(&next) {
                // One that was led elsewhere since may wait there.
                Some(lane) if lane.turn == Turn::AtGate && lane.gate == Some(id) => {
                    lane.turn = Turn::Ready;
                    lane.promise = Some(id);
                    self.ready.push(lane.project, next);
                }
                _ => gate.renounce(),
            }
        }
        self.watch(now, id);
        let most = (self.limits.max_in_flight / 4).max(1);
        let free = most.saturating_sub(self.suspects_in_flight) as usize;
        for next in self.suspects.drain(..free.min(self.suspects.len())) {
            if let Some(lane) = self.lanes.get_mut(&next) {
                lane.turn = Turn::Ready;
                self.ready.push(lane.project, next);
            }
        }
    }

    /// A dispatched notice is over.
    pub(super) fn finished(
        &mut self,
        now: i64,
        ticket: Ticket,
        ms: i64,
        ends: Vec<(u32, End)>,
        timed_out: bool,
        actions: &mut Vec<Action>,
    ) {
        let Some(Flight { waiting, gate }) = self.flights.remove(&ticket) else { return };
        let id = waiting.job.lane;
        if let Some(lane) = self.lanes.get_mut(&id) {
            lane.in_flight = lane.in_flight.saturating_sub(1);
            lane.pace.ended(now, waiting.len());
            self.suspects_in_flight -= u32::from(lane.suspect);
        }
        let ends = told(&waiting.job.open, ends);
        self.learn(now, &waiting, gate, seen(&ends, timed_out), timed_out, actions);
        self.settle(Span { now, ms }, waiting, ends, actions);
        self.leave(now, gate);
        self.go_on(now, id);
    }

    /// What the attempt says of the gate and the lane.
    fn learn(
        &mut self,
        now: i64,
        waiting: &Waiting,
        gate: GateId,
        seen: Seen,
        timed_out: bool,
        actions: &mut Vec<Action>,
    ) {
        let id = waiting.job.lane;
        if let Some(gate) = self.gates.get_mut(&gate) {
            match &seen {
                Seen::Down(..) => gate.failed(),
                _ if timed_out => gate.failed(),
                Seen::Worked => gate.answered(),
                Seen::Refused(..) | Seen::Held(_) | Seen::Nothing => {}
            }
        }
        let Some(lane) = self.lanes.get_mut(&id) else { return };
        let limits = &self.limits;
        let probe = waiting.probe && lane.breaker.pause().is_some();
        if let Seen::Down(_, Some(wait)) = &seen
            && !waiting.job.policy.keeps_times()
        {
            lane.throttle.rest(now, (*wait).min(limits.probe_max_ms));
        }
        let paused = match &seen {
            Seen::Worked => {
                if lane.breaker.worked() {
                    lane.rows.unpark();
                    actions.push(Action::Raise(Notable::LaneResumed { lane: id }));
                }
                false
            }
            Seen::Down(reason, _) if probe => {
                lane.breaker.probe_failed(now, reason, limits);
                false
            }
            Seen::Down(..) if waiting.job.policy.keeps_times() => false,
            Seen::Down(reason, _) => lane.breaker.failed(now, reason, limits),
            Seen::Refused(reason, wait) => {
                if probe {
                    lane.breaker.probe_failed(now, reason, limits);
                }
                lane.breaker.refused(now, reason, *wait, limits)
            }
            Seen::Held(reason) => lane.breaker.held(now, reason, probe, limits),
            Seen::Nothing => {
                if probe {
                    lane.breaker.probe_lost();
                }
                false
            }
        };
        let suspect = lane.breaker.pause().is_some() || timed_out || (lane.suspect && seen != Seen::Worked);
        self.suspect(id, suspect);
        if paused {
            self.paused(now, id, actions);
        }
    }

    fn suspect(&mut self, id: LaneId, suspect: bool) {
        let Some(lane) = self.lanes.get_mut(&id) else { return };
        // The flight that is being judged counted with what the lane was before; it is in no count now.
        if std::mem::replace(&mut lane.suspect, suspect) != suspect {
            if suspect {
                self.suspects_in_flight += lane.in_flight;
            } else {
                self.suspects_in_flight -= lane.in_flight;
            }
        }
    }

    fn paused(&mut self, now: i64, id: LaneId, actions: &mut Vec<Action>) {
        if let Some(pause) = self.lanes.get(&id).and_then(|lane| lane.breaker.pause()) {
            let (probe, reason) = (pause.probe, pause.reason.clone());
            actions.push(Action::Raise(Notable::LanePaused { lane: id, probe, reason }));
        }
        self.evict(now, id);
    }
}
