//! A clock that was set back: nothing waits for a time of the day by which it was meant to be over.

use super::{machine::Engine, read::READ_AGAIN_MS};

/// A clock that goes back by less is being adjusted, and what waits comes later by no more.
const ADJUSTED_MS: i64 = 5_000;

impl Engine {
    /// Looks whether the clock, which says `now`, was set back.
    pub(super) fn look_at_clock(&mut self, now: i64) {
        if self.latest.saturating_sub(now) > ADJUSTED_MS {
            self.latest = now;
            self.follow_clock(now);
        }
        self.latest = self.latest.max(now);
    }

    /// Rows follow in the store, which then says when each lane is due; throttles look at the clock by themselves.
    fn follow_clock(&mut self, now: i64) {
        self.read_again = self.read_again.min(now + READ_AGAIN_MS);
        let most = now.saturating_add(self.limits.probe_max_ms);
        let lanes: Vec<_> = self.lanes.keys().copied().collect();
        for id in lanes {
            if let Some(lane) = self.lanes.get_mut(&id) {
                lane.breaker.follow_clock(now);
                lane.pace.follow_clock(now);
                lane.rows.sleep(lane.rows.asleep().min(most));
            }
            self.go_on(now, id);
        }
        self.timers.gates.all().into_iter().for_each(|gate| self.call_next(now, gate));
    }
}
